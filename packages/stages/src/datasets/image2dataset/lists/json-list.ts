import { permanent } from "@diva-pipeline/core"
import { type ListRow, rowOf } from "./list-row.ts"
import { readLines, readText } from "./text-source.ts"

/** A list of one JSON object a line. */
export async function* readJsonLines(
  file: string,
  isCompressed: boolean,
): AsyncGenerator<ReadonlyArray<ListRow>> {
  let number = 0
  for await (const lines of readLines(file, isCompressed)) {
    const rows: Array<ListRow> = []
    for (const line of lines) {
      number += 1
      if (line.trim() !== "") rows.push(rowOf(file, parsed(file, line, `line ${number}`), `line ${number}`))
    }
    yield rows
  }
}

/** A list that is one JSON array of objects, read without holding it whole. */
export async function* readJsonArray(
  file: string,
  isCompressed: boolean,
): AsyncGenerator<ReadonlyArray<ListRow>> {
  const splitter = new ArraySplitter()
  let number = 0
  for await (const text of readText(file, isCompressed))
    yield splitter.feed(text).map((entry) => {
      number += 1
      return rowOf(file, parsed(file, entry, `entry ${number}`), `entry ${number}`)
    })
  splitter.end()
}

const parsed = (file: string, text: string, where: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw permanent(`${where} of the URL list ${file} is not JSON`, { file })
  }
}

const SPECIAL = /["\\[\]{},]/g

/** Cuts the text of a JSON array into the texts of its entries. */
class ArraySplitter {
  #depth = 0
  #isText = false
  #entry = ""
  #hasEnded = false
  /** Characters of the next piece that are passed over: what a backslash stands before. */
  #skip = 0

  feed(text: string): ReadonlyArray<string> {
    const entries: Array<string> = []
    let start = 0
    SPECIAL.lastIndex = this.#skip
    this.#skip = 0
    if (this.#depth === 0 && !this.#hasEnded && text.trim() !== "" && !/^\s*\[/.test(text))
      throw new Error("it is no array of objects")
    for (let match = SPECIAL.exec(text); match !== null; match = SPECIAL.exec(text)) {
      const at = match.index
      const character = match[0]
      if (this.#isText) {
        if (character === '"') this.#isText = false
        if (character === "\\") {
          SPECIAL.lastIndex = at + 2
          if (at + 2 > text.length) this.#skip = 1
        }
        continue
      }
      if (character === '"') this.#isText = true
      if (character === "[" || character === "{") {
        this.#depth += 1
        if (this.#depth === 1) start = at + 1
      }
      const isEnd = character === "]" || character === "}"
      if (isEnd) this.#depth -= 1
      if (isEnd && this.#depth === 0) this.#hasEnded = true
      if ((character === "," && this.#depth === 1) || (isEnd && this.#depth === 0)) {
        const entry = this.#entry + text.slice(start, at)
        if (entry.trim() !== "") entries.push(entry)
        this.#entry = ""
        start = at + 1
      }
    }
    if (this.#depth > 0) this.#entry += text.slice(start)
    return entries
  }

  end(): void {
    if (!this.#hasEnded || this.#depth !== 0) throw new Error("the array does not end")
  }
}
