/** A value of a list's column. */
export type Cell = string | number | bigint | boolean | null | ReadonlyArray<Cell>

/** Parquet's types of single values that the downloader writes. */
export type ScalarType = "STRING" | "INT32" | "INT64" | "DOUBLE" | "BOOLEAN"

/** The type of a column: of single values, or of lists of something. */
export type ColumnType = ScalarType | { readonly list: ColumnType }

export const isList = (cell: Cell): cell is ReadonlyArray<Cell> => Array.isArray(cell)

/** A value as text: lists as JSON. */
export const cellText = (cell: Cell): string =>
  isList(cell)
    ? JSON.stringify(cell, (_, value) => (typeof value === "bigint" ? Number(value) : value))
    : String(cell)

/**
 * The narrowest type that fits all of a column's values, found value by value. Where a list's format has nothing but
 * texts, these count as what they look like, as they do for img2dataset.
 */
export class ColumnTyping {
  #scalar: ScalarType | undefined
  #elements: ColumnTyping | undefined

  /** Takes one value into account. @param isTyped whether the format tells texts from numbers */
  add(cell: Cell, isTyped: boolean): void {
    if (isList(cell)) {
      this.#elements ??= new ColumnTyping()
      for (const element of cell) this.#elements.add(element, true)
      return
    }
    const type = typeOf(cell, isTyped)
    if (type === undefined || type === this.#scalar) return
    if (this.#scalar === undefined) this.#scalar = type
    else this.#scalar = isNumeric(type) && isNumeric(this.#scalar) ? "DOUBLE" : "STRING"
  }

  /** The type that fits everything so far. */
  get type(): ColumnType {
    if (this.#elements === undefined) return this.#scalar ?? "STRING"
    return this.#scalar === undefined ? { list: this.#elements.type } : "STRING"
  }
}

const isNumeric = (type: ScalarType): boolean => type === "INT64" || type === "DOUBLE"

const WHOLE = /^-?(0|[1-9]\d{0,17})$/
const DECIMAL = /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

const typeOf = (cell: Exclude<Cell, ReadonlyArray<Cell>>, isTyped: boolean): ScalarType | undefined => {
  if (cell === null) return undefined
  if (typeof cell === "boolean") return "BOOLEAN"
  if (typeof cell === "bigint") return "INT64"
  if (typeof cell === "number") return Number.isSafeInteger(cell) ? "INT64" : "DOUBLE"
  if (isTyped) return "STRING"
  if (cell === "") return undefined
  if (WHOLE.test(cell)) return "INT64"
  if (DECIMAL.test(cell)) return "DOUBLE"
  return /^(true|false)$/i.test(cell) ? "BOOLEAN" : "STRING"
}

/** The value as its column's type; what does not fit is null. */
export const castCell = (cell: Cell, type: ColumnType): Cell => {
  if (cell === null) return null
  if (typeof type !== "string")
    return isList(cell) ? cell.map((element) => castCell(element, type.list)) : null
  if (type === "STRING") return cellText(cell)
  if (cell === "" || isList(cell)) return null
  if (type === "BOOLEAN") return typeof cell === "boolean" ? cell : String(cell).toLowerCase() === "true"
  if (type === "DOUBLE" || type === "INT32") return Number(cell)
  return BigInt(cell)
}
