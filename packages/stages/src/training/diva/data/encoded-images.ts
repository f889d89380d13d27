import { stat } from "node:fs/promises"
import { imageOf, listShards, readSamples } from "../../../formats/index.ts"
import { listParquetFiles, parquetImages } from "./parquet-images.ts"

/** An image file of a data set. */
export interface EncodedImage {
  readonly key: string
  /** Its number in the order of the data set, from 0. */
  readonly ordinal: number
  readonly bytes: Uint8Array
}

/**
 * The images of a data set in its order, one after another: nothing but the one at hand is in memory.
 *
 * @param source what `readSamples` reads, or a folder of parquet files with a column of images, or one such file
 */
export async function* encodedImages(source: string): AsyncGenerator<EncodedImage> {
  let ordinal = 0
  const tables = await parquetFilesOf(source)
  if (tables.length > 0) {
    for await (const image of parquetImages(tables)) yield { ...image, ordinal: ordinal++ }
    return
  }
  for await (const sample of readSamples(source)) {
    const bytes = imageOf(sample)
    if (bytes !== undefined) yield { key: sample.key, ordinal: ordinal++, bytes }
  }
}

/** Tables of images; beside shards of the same names, parquet files are mere lists. */
const parquetFilesOf = async (source: string): Promise<ReadonlyArray<string>> => {
  if (source.endsWith(".parquet")) return [source]
  const kind = await stat(source).catch(() => undefined)
  if (kind?.isDirectory() !== true || (await listShards(source)).length > 0) return []
  return await listParquetFiles(source)
}
