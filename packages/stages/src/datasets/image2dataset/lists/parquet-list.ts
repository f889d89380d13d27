import type { ScalarType } from "./columns.ts"
import { type ListRow, rowOf } from "./list-row.ts"

/** Parquet's types of numbers that come out as they went in. */
const NUMBERS = ["INT32", "INT64", "FLOAT", "DOUBLE"] as const
/** Annotations of whole numbers that mean nothing else than their type. */
const PLAIN = new Set(["INT_8", "INT_16", "INT_32", "INT_64"])

/** The types of a table's columns of numbers; dates and unsigned or decimal numbers are none. */
export const parquetNumbers = async (file: string): Promise<ReadonlyMap<string, ScalarType>> => {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } = await import("hyparquet")
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(file))
  const found = new Map<string, ScalarType>()
  for (const { element, children } of parquetSchema(metadata).children) {
    const { name, converted_type: converted, logical_type: logical, repetition_type: repeated } = element
    const isPlain = converted === undefined ? logical === undefined : PLAIN.has(converted)
    const type = NUMBERS.find((number) => number === element.type)
    if (children.length === 0 && repeated !== "REPEATED" && isPlain && type !== undefined)
      found.set(name, type)
  }
  return found
}

/** A list in Parquet, one row group at a time. */
export async function* readParquetList(
  file: string,
  columns: ReadonlyArray<string>,
): AsyncGenerator<ReadonlyArray<ListRow>> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import(
    "hyparquet"
  )
  const buffer = await asyncBufferFromFile(file)
  const metadata = await parquetMetadataAsync(buffer)
  const names = parquetSchema(metadata).children.map(({ element }) => element.name)
  const wanted = names.filter((name) => columns.includes(name))
  let start = 0
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows)
    const rows = await parquetReadObjects({
      file: buffer,
      metadata,
      rowStart: start,
      rowEnd: end,
      // Without the columns that are asked for, all are read, so that the message can name them.
      columns: wanted.length === columns.length ? wanted : names,
    })
    const first = start
    yield rows.map((row, index) => rowOf(file, row, `row ${first + index + 1}`))
    start = end
  }
}
