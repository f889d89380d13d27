import { permanent } from "@diva-pipeline/core"
import { Predicate } from "effect"
import type { Cell } from "./columns.ts"

/** A row of a list, by column. */
export type ListRow = Readonly<Record<string, Cell>>

/** A row from whatever a file holds in its place. @throws StageFailure (permanent) when that is no object */
export const rowOf = (file: string, row: unknown, where: string): ListRow => {
  if (!Predicate.isObject(row) || Array.isArray(row))
    throw permanent(`${where} of the URL list ${file} is no object`, {
      file,
      hint: 'write each as {"url": "https://…", "caption": "…"}',
    })
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cellOf(value)]))
}

/** What is neither text nor number nor a list (dates, objects) is kept as JSON. */
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
  return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? Number(inner) : inner)) ?? null
}
