import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { TarWriter } from "./tar-writer.ts"
import type { Sample } from "./webdataset-sample.ts"

/** How samples are divided into shards, and how shards are named. */
export interface ShardOptions {
  readonly samplesPerShard: number
  /** Digits of the shard's number, padded with zeros; 5 as img2dataset has them. */
  readonly digits?: number
  /** What stands before the number. */
  readonly prefix?: string
}

/** What `writeShards` wrote. */
export interface WrittenShards {
  /** File names, in order. */
  readonly shards: ReadonlyArray<string>
  readonly samples: number
}

/**
 * Writes samples as webdataset shards `<prefix><number>.tar` into `folder`, made if it isn't there. A sample's files
 * stand in the order of its map. The bytes depend on the samples only. Without samples there is one empty shard, so
 * that readers meet a data set rather than a missing one.
 */
export const writeShards = async (
  folder: string,
  samples: AsyncIterable<Sample> | Iterable<Sample>,
  { samplesPerShard, digits = 5, prefix = "" }: ShardOptions,
): Promise<WrittenShards> => {
  await mkdir(folder, { recursive: true })
  const shards: Array<string> = []
  const next = (): TarWriter => {
    const name = `${prefix}${String(shards.length).padStart(digits, "0")}.tar`
    shards.push(name)
    return TarWriter.create(join(folder, name))
  }
  let count = 0
  let shard = next()
  for await (const sample of samples) {
    if (count > 0 && count % samplesPerShard === 0) {
      await shard.close()
      shard = next()
    }
    await writeSample(shard, sample)
    count += 1
  }
  await shard.close()
  return { shards, samples: count }
}

/** Appends the files of one sample to an archive. */
export const writeSample = async (archive: TarWriter, sample: Sample): Promise<void> => {
  for (const [extension, bytes] of sample.files) await archive.add(`${sample.key}.${extension}`, bytes)
}
