import { readdir } from "node:fs/promises"
import { basename, join } from "node:path"
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib"
import { permanent } from "@diva-pipeline/core"
import { IMAGE_EXTENSIONS } from "../../../formats/index.ts"

/** Columns that hold images, in the order in which they are looked for: img2dataset's, and Hugging Face's. */
const COLUMNS: ReadonlyArray<string> = [...IMAGE_EXTENSIONS, "image", "img", "image_bytes", "bytes"]

/** Columns that name a row. */
const KEYS: ReadonlyArray<string> = ["key", "__key__", "id"]

/** What hyparquet reads beside plain and snappy pages. */
const compressors = {
  GZIP: (page: Uint8Array) => gunzipSync(page),
  BROTLI: (page: Uint8Array) => brotliDecompressSync(page),
  ZSTD: (page: Uint8Array) => zstdDecompressSync(page),
}

/** The parquet files of a folder, in the order of their names. */
export const listParquetFiles = async (folder: string): Promise<ReadonlyArray<string>> =>
  (await readdir(folder))
    .filter((name) => name.endsWith(".parquet"))
    .sort()
    .map((name) => join(folder, name))

/**
 * The images of parquet tables, row group by row group. An image is a value of bytes, or a struct of `bytes` and `path`, as
 * Hugging Face's data sets have it, whatever that column is called; rows without one are passed over.
 *
 * @throws StageFailure (permanent) when a file is damaged or has no column of images
 */
export async function* parquetImages(
  files: ReadonlyArray<string>,
): AsyncGenerator<{ readonly key: string; readonly bytes: Uint8Array }> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import(
    "hyparquet"
  )
  for (const path of files) {
    const file = await understood(path, () => asyncBufferFromFile(path))
    const metadata = await understood(path, () => parquetMetadataAsync(file))
    const table = parquetSchema(metadata).children
    const names = table.map(nameOf)
    const image = COLUMNS.find((name) => names.includes(name)) ?? table.filter(isImageStruct).map(nameOf)[0]
    if (image === undefined) throw noImages(path, names)
    const key = KEYS.find((name) => names.includes(name))
    let row = 0
    for (const { num_rows: count } of metadata.row_groups) {
      const rowEnd = row + Number(count)
      const columns = key === undefined ? [image] : [image, key]
      const range = { file, metadata, columns, rowStart: row, rowEnd, utf8: false, compressors }
      const rows = await understood(path, () => parquetReadObjects(range))
      for (const values of rows) {
        const bytes = bytesOf(values[image])
        const name = key === undefined ? undefined : textOf(values[key])
        if (bytes !== undefined)
          yield { key: name ?? pathOf(values[image]) ?? `${basename(path)}:${row}`, bytes }
        row++
      }
    }
  }
}

/** A column of the table, or a part of one. */
interface Column {
  readonly element: { readonly name: string }
  readonly children: ReadonlyArray<Column>
}

const nameOf = ({ element }: Column): string => element.name

const isImageStruct = ({ children }: Column): boolean => children.map(nameOf).sort().join() === "bytes,path"

/** The name that an image's struct gives it. */
const pathOf = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null && "path" in value ? textOf(value.path) : undefined

const bytesOf = (value: unknown): Uint8Array | undefined => {
  if (value instanceof Uint8Array) return value
  if (typeof value !== "object" || value === null || !("bytes" in value)) return undefined
  return value.bytes instanceof Uint8Array ? value.bytes : undefined
}

const textOf = (value: unknown): string | undefined => {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  return value === null || value === undefined ? undefined : String(value)
}

const understood = async <A>(file: string, read: () => Promise<A>): Promise<A> => {
  try {
    return await read()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw permanent(`the table of images cannot be read: ${why}`, { file })
  }
}

const noImages = (file: string, names: ReadonlyArray<string>) =>
  permanent(`the table has no column of images: its columns are ${names.join(", ")}`, {
    file,
    hint: `images are looked for in a column named ${COLUMNS.slice(0, 3).join(", ")} … or image`,
  })
