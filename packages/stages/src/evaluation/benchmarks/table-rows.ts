import { createReadStream } from "node:fs"
import { Readable } from "node:stream"
import { permanent } from "@diva-pipeline/core"
import { parse } from "csv-parse"
import { type ClassColumn, classColumns } from "./hub-columns.ts"

/** A row by the names of its columns. */
export type TableRow = Readonly<Record<string, unknown>>

/** A table whose rows can be read again and again. */
export interface Table {
  readonly file: string
  readonly columns: ReadonlyArray<string>
  /** Those of classes whose names the file says. */
  readonly classes: ReadonlyMap<string, ClassColumn>
  /** @param columns those that are needed; of a CSV all are read */
  readonly rows: (columns: ReadonlyArray<string>) => AsyncGenerator<TableRow>
}

/** Whether a file is a table that is read. */
export const isTableName = (name: string): boolean => /\.(csv|tsv|parquet)$/i.test(name)

/** @throws StageFailure when it can't be read */
export const openTable = (file: string): Promise<Table> =>
  file.toLowerCase().endsWith(".parquet") ? openParquet(file) : openSeparated(file)

const openSeparated = async (file: string): Promise<Table> => {
  const rows = () => readSeparated(file)
  for await (const row of rows()) return { file, columns: Object.keys(row), classes: new Map(), rows }
  throw permanent("the table has no rows", { file })
}

async function* readSeparated(file: string): AsyncGenerator<TableRow> {
  const delimiter = file.toLowerCase().endsWith(".tsv") ? "\t" : [",", "\t"]
  const parser = parse({ columns: true, delimiter, bom: true, skip_empty_lines: true })
  const source = Readable.from(decoded(file))
  source.on("error", (cause) => parser.destroy(cause))
  try {
    for await (const row of source.pipe(parser)) yield row
  } catch (cause) {
    throw unreadable(file, cause)
  } finally {
    source.destroy()
  }
}

/** A file's text, which must be UTF-8. */
async function* decoded(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  for await (const chunk of createReadStream(file)) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

const openParquet = async (file: string): Promise<Table> => {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import(
    "hyparquet"
  )
  try {
    const buffer = await asyncBufferFromFile(file)
    const metadata = await parquetMetadataAsync(buffer)
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name)
    const rows: Table["rows"] = async function* (wanted) {
      let start = 0
      for (const group of metadata.row_groups) {
        const end = start + Number(group.num_rows)
        yield* await parquetReadObjects({
          file: buffer,
          metadata,
          rowStart: start,
          rowEnd: end,
          columns: [...wanted],
          utf8: false,
        })
        start = end
      }
    }
    return { file, columns, classes: classColumns(metadata.key_value_metadata), rows }
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

const unreadable = (file: string, cause: unknown) =>
  permanent(`the table can't be read: ${cause instanceof Error ? cause.message : String(cause)}`, { file })
