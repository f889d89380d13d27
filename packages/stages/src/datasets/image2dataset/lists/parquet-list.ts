import { type ListRow, rowOf } from "./list-row.ts"

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
