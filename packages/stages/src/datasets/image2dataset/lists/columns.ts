/** A value of a list's column. */
export type Cell = string | number | bigint | boolean | null | ReadonlyArray<Cell> | CellRecord

/** A value with fields: an object of JSON, a struct of Parquet. */
export interface CellRecord {
  readonly [field: string]: Cell
}

/** Parquet's types of single values that the downloader writes. */
export type ScalarType = "STRING" | "INT32" | "INT64" | "FLOAT" | "DOUBLE" | "BOOLEAN"

/** The type of a column: of single values, of lists of something, or of fields in their order. */
export type ColumnType =
  | ScalarType
  | { readonly list: ColumnType }
  | { readonly fields: ReadonlyArray<Field> }

type Field = readonly [name: string, type: ColumnType]

/** Objects with more different keys than this are taken for maps, and stay texts. */
const MOST_FIELDS = 256

export const isList = (cell: Cell): cell is ReadonlyArray<Cell> => Array.isArray(cell)

export const isRecord = (cell: Cell): cell is CellRecord =>
  typeof cell === "object" && cell !== null && !isList(cell)

/** A value as text: lists and objects as JSON. */
export const cellText = (cell: Cell): string =>
  typeof cell === "object" && cell !== null
    ? JSON.stringify(cell, (_, value) => (typeof value === "bigint" ? Number(value) : value))
    : String(cell)

/**
 * The narrowest type that fits all of a column's values, found value by value. Where a list's format has nothing but
 * texts, these count as what they look like, as they do for img2dataset.
 */
export class ColumnTyping {
  #scalar: ScalarType | undefined
  #elements: ColumnTyping | undefined
  #fields: Map<string, ColumnTyping> | undefined

  /** Takes one value into account. @param isTyped whether the format tells texts from numbers */
  add(cell: Cell, isTyped: boolean): void {
    if (isList(cell)) {
      this.#elements ??= new ColumnTyping()
      for (const element of cell) this.#elements.add(element, true)
    } else if (isRecord(cell)) this.#addFields(cell)
    else this.#addScalar(typeOf(cell, isTyped))
  }

  /** The type that fits everything so far. */
  get type(): ColumnType {
    const kinds = [this.#scalar, this.#elements, this.#fields].filter((kind) => kind !== undefined)
    if (kinds.length > 1) return "STRING"
    if (this.#elements !== undefined) return { list: this.#elements.type }
    // Parquet has no struct without fields.
    if (this.#fields !== undefined && this.#fields.size > 0 && this.#fields.size <= MOST_FIELDS)
      return { fields: Array.from(this.#fields, ([name, typing]) => [name, typing.type]) }
    return this.#fields === undefined ? (this.#scalar ?? "STRING") : "STRING"
  }

  #addFields(cell: CellRecord): void {
    this.#fields ??= new Map()
    for (const [name, value] of Object.entries(cell)) {
      let typing = this.#fields.get(name)
      if (typing === undefined) {
        if (this.#fields.size > MOST_FIELDS) return
        typing = new ColumnTyping()
        this.#fields.set(name, typing)
      }
      typing.add(value, true)
    }
  }

  #addScalar(type: ScalarType | undefined): void {
    if (type === undefined || type === this.#scalar) return
    if (this.#scalar === undefined) this.#scalar = type
    else this.#scalar = isNumeric(type) && isNumeric(this.#scalar) ? "DOUBLE" : "STRING"
  }
}

const isNumeric = (type: ScalarType): boolean => type === "INT64" || type === "DOUBLE"

const WHOLE = /^-?(0|[1-9]\d{0,17})$/
const DECIMAL = /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

const typeOf = (
  cell: Exclude<Cell, ReadonlyArray<Cell> | CellRecord>,
  isTyped: boolean,
): ScalarType | undefined => {
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
  if (typeof type !== "string") {
    if ("list" in type) return isList(cell) ? cell.map((element) => castCell(element, type.list)) : null
    // Each has all fields, as img2dataset's have.
    return isRecord(cell)
      ? Object.fromEntries(type.fields.map(([name, field]) => [name, castCell(cell[name] ?? null, field)]))
      : null
  }
  if (type === "STRING") return cellText(cell)
  if (cell === "" || typeof cell === "object") return null
  if (type === "BOOLEAN") return typeof cell === "boolean" ? cell : String(cell).toLowerCase() === "true"
  if (type === "DOUBLE" || type === "FLOAT" || type === "INT32") return Number(cell)
  return BigInt(cell)
}
