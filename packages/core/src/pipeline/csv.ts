import type { Diagnostics, MapEntry, ScalarNode, Source } from "../document/index.ts"
import type { CaseNode } from "./case-files.ts"
import type { Value } from "./value.ts"

/** A cell with its place, which includes its quotes. */
interface Cell {
  readonly text: string
  readonly isQuoted: boolean
  readonly start: number
  readonly end: number
}

type Row = readonly [Cell, ...ReadonlyArray<Cell>]

/**
 * The rows of a CSV file (RFC 4180) whose first row names the columns. Cells without quotes that are numbers, `true` or
 * `false` are read as such, and empty ones as nothing.
 */
export const readCsv = (source: Source, diagnostics: Diagnostics): ReadonlyArray<CaseNode> => {
  const [header, ...rows] = new CsvReader(source, diagnostics).rows()
  if (header === undefined) {
    diagnostics.report({ source, start: 0, end: 0 }, "the file has no row that names its columns")
    return []
  }
  const names = new Set<string>()
  for (const { text, start, end } of header) {
    if (names.has(text)) diagnostics.report({ source, start, end }, `there are two columns \`${text}\``)
    names.add(text)
  }
  return rows.map((row) => caseOf(row, header, source, diagnostics))
}

const caseOf = (row: Row, header: Row, source: Source, diagnostics: Diagnostics): CaseNode => {
  const last = row.at(-1) ?? row[0]
  const span = { source, start: row[0].start, end: last.end }
  if (row.length !== header.length) {
    diagnostics.report(span, `this row has ${row.length} cells, but there are ${header.length} columns`)
  }
  const entries = new Map<string, MapEntry<Value>>()
  for (const [index, cell] of row.entries()) {
    const column = header[index]
    if (column === undefined) break
    const place = { source, start: cell.start, end: cell.end }
    entries.set(column.text, {
      key: { source, start: column.start, end: column.end },
      value: { kind: "scalar", value: cellValue(cell), span: place },
    })
  }
  return { kind: "map", entries, span }
}

const cellValue = ({ text, isQuoted }: Cell): ScalarNode["value"] => {
  if (isQuoted) return text
  if (text === "") return null
  if (text === "true" || text === "false") return text === "true"
  const number = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  const isKept = Number.isFinite(number) && !/^[-+]?0\d/.test(text)
  // What a number can't hold exactly stays a text, and so does what has leading zeros.
  return isKept && (!/^[-+]?\d+$/.test(text) || Number.isSafeInteger(number)) ? number : text
}

class CsvReader {
  readonly #source: Source
  readonly #text: string
  readonly #diagnostics: Diagnostics
  #position: number

  constructor(source: Source, diagnostics: Diagnostics) {
    this.#source = source
    this.#text = source.text
    this.#diagnostics = diagnostics
    this.#position = source.text.startsWith("\ufeff") ? 1 : 0
  }

  rows(): ReadonlyArray<Row> {
    const rows: Array<Row> = []
    while (this.#position < this.#text.length) {
      const row = this.#row()
      // Empty lines don't count.
      if (row.length > 1 || row[0].text !== "" || row[0].isQuoted) rows.push(row)
    }
    return rows
  }

  #row(): Row {
    const first = this.#cell()
    const rest: Array<Cell> = []
    while (this.#text[this.#position] === ",") {
      this.#position += 1
      rest.push(this.#cell())
    }
    this.#position = this.#nextLine()
    return [first, ...rest]
  }

  #nextLine(): number {
    const end = this.#text.indexOf("\n", this.#position)
    return end === -1 ? this.#text.length : end + 1
  }

  #cell(): Cell {
    const start = this.#position
    if (this.#text[start] === '"') return this.#quotedCell(start)
    const [text = ""] = this.#match(/[^,\r\n]*/y)
    const end = start + text.length
    const trimmed = text.trim()
    return { text: trimmed, isQuoted: false, start, end }
  }

  #quotedCell(start: number): Cell {
    const [raw, inner = ""] = this.#match(/"((?:[^"]|"")*)"/y)
    if (raw === undefined) {
      this.#diagnostics.report({ source: this.#source, start, end: start + 1 }, "this quote isn't closed")
      this.#position = this.#text.length
      return { text: "", isQuoted: true, start, end: start + 1 }
    }
    const end = this.#position
    if (!/^(,|\r?\n|\r?$)/.test(this.#text.slice(end, end + 2))) {
      const place = { source: this.#source, start: end, end: end + 1 }
      this.#diagnostics.report(place, "after a closing quote comes a comma or the end of the line", {
        hint: 'a quote within quotes is doubled: "say ""hello"""',
      })
      this.#match(/[^,\r\n]*/y)
    }
    return { text: inner.replaceAll('""', '"'), isQuoted: true, start, end }
  }

  #match(pattern: RegExp): ReadonlyArray<string> {
    pattern.lastIndex = this.#position
    const found = pattern.exec(this.#text) ?? []
    this.#position += found[0]?.length ?? 0
    return found
  }
}
