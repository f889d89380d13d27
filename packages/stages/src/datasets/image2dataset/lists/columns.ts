/** A value of a list's column. */
export type Cell = string | number | bigint | boolean | null

/** Parquet's types of columns that the downloader writes. */
export type ColumnType = "STRING" | "INT32" | "INT64" | "DOUBLE" | "BOOLEAN"

/**
 * The narrowest type that fits all of a column's values, found value by value. Texts of a CSV count as what they look
 * like, as they do for img2dataset.
 */
export class ColumnTyping {
  #type: ColumnType | undefined

  /** Takes one value into account. */
  add(cell: Cell): void {
    const type = typeOf(cell)
    if (type === undefined || type === this.#type) return
    if (this.#type === undefined) this.#type = type
    else this.#type = isNumeric(type) && isNumeric(this.#type) ? "DOUBLE" : "STRING"
  }

  /** The type that fits everything so far. */
  get type(): ColumnType {
    return this.#type ?? "STRING"
  }
}

const isNumeric = (type: ColumnType): boolean => type === "INT64" || type === "DOUBLE"

const WHOLE = /^-?(0|[1-9]\d{0,17})$/
const DECIMAL = /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

const typeOf = (cell: Cell): ColumnType | undefined => {
  if (cell === null || cell === "") return undefined
  if (typeof cell === "boolean") return "BOOLEAN"
  if (typeof cell === "bigint") return "INT64"
  if (typeof cell === "number") return Number.isSafeInteger(cell) ? "INT64" : "DOUBLE"
  if (WHOLE.test(cell)) return "INT64"
  if (DECIMAL.test(cell)) return "DOUBLE"
  return /^(true|false)$/i.test(cell) ? "BOOLEAN" : "STRING"
}

/** The value as its column's type; what does not fit is null. */
export const castCell = (cell: Cell, type: ColumnType): Cell => {
  if (cell === null) return null
  if (type === "STRING") return String(cell)
  if (cell === "") return null
  if (type === "BOOLEAN") return typeof cell === "boolean" ? cell : String(cell).toLowerCase() === "true"
  if (type === "DOUBLE" || type === "INT32") return Number(cell)
  return BigInt(cell)
}
