import { permanent } from "@diva-pipeline/core"
import { Predicate } from "effect"
import type { Cell, CellRecord } from "./columns.ts"

/** A row of a list, by column. */
export type ListRow = CellRecord

/** A row from whatever a file holds in its place. @throws StageFailure (permanent) when that is no object */
export const rowOf = (file: string, row: unknown, where: string): ListRow => {
  if (!Predicate.isObject(row) || Array.isArray(row))
    throw permanent(`${where} of the URL list ${file} is no object`, {
      file,
      hint: 'write each as {"url": "https://…", "caption": "…"}',
    })
  return recordOf(row)
}

const recordOf = (value: object): CellRecord =>
  Object.fromEntries(Object.entries(value).map(([name, part]) => [name, cellOf(part)]))

/** What JSON has no word for is kept as text. */
const cellOf = (value: unknown): Cell => {
  if (value === null || value === undefined) return null
  if (
    typeof value === "string" ||
    typeof value === "number" ||
    typeof value === "bigint" ||
    typeof value === "boolean"
  )
    return value
  if (Array.isArray(value)) return value.map(cellOf)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64")
  return Predicate.isObject(value) ? recordOf(value) : String(value)
}
