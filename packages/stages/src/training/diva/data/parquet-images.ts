import { readdir } from "node:fs/promises"
import { basename, join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { IMAGE_EXTENSIONS } from "../../../formats/index.ts"

/** Columns that hold images, in the order in which they are looked for: img2dataset's, and Hugging Face's. */
const COLUMNS: ReadonlyArray<string> = [...IMAGE_EXTENSIONS, "image", "img", "image_bytes", "bytes"]

/** Columns that name a row. */
const KEYS: ReadonlyArray<string> = ["key", "__key__", "id"]

/** The parquet files of a folder, in the order of their names. */
export const listParquetFiles = async (folder: string): Promise<ReadonlyArray<string>> =>
  (await readdir(folder))
    .filter((name) => name.endsWith(".parquet"))
    .sort()
    .map((name) => join(folder, name))

/**
 * The images of parquet tables, row group by row group. An image is a value of bytes, or a struct with `bytes`, as
 * Hugging Face's data sets have it; rows without one are passed over.
 *
 * @throws StageFailure (permanent) when a file is damaged or has no column of images
 */
export async function* parquetImages(
  files: ReadonlyArray<string>,
): AsyncGenerator<{ readonly key: string; readonly bytes: Uint8Array }> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import("hyparquet")
  for (const path of files) {
    const file = await understood(path, () => asyncBufferFromFile(path))
    const metadata = await understood(path, () => parquetMetadataAsync(file))
    const names = metadata.schema.map(({ name }) => name)
    const image = COLUMNS.find((name) => names.includes(name))
    if (image === undefined) throw noImages(path, names.slice(1))
    const key = KEYS.find((name) => names.includes(name))
    let row = 0
    for (const { num_rows: count } of metadata.row_groups) {
      const rowEnd = row + Number(count)
      const columns = key === undefined ? [image] : [image, key]
      const range = { file, metadata, columns, rowStart: row, rowEnd, utf8: false }
      const rows = await understood(path, () => parquetReadObjects(range))
      for (const values of rows) {
        const bytes = bytesOf(values[image])
        const name = key === undefined ? undefined : textOf(values[key])
        if (bytes !== undefined) yield { key: name ?? `${basename(path)}:${row}`, bytes }
        row++
      }
    }
  }
}

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
