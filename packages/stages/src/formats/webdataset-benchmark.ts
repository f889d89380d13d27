import { stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { readSamples } from "./webdataset.ts"
import type { Sample } from "./webdataset-sample.ts"
import { writeShards } from "./webdataset-writer.ts"

/**
 * Writes the test samples of a benchmark as CLIP_benchmark's `wds_*` data sets have them: `test/0.tar`, `test/1.tar`
 * … and their number in `test/nshards.txt`.
 */
export const writeBenchmarkSamples = async (
  folder: string,
  samples: AsyncIterable<Sample> | Iterable<Sample>,
  samplesPerShard = 10_000,
): Promise<void> => {
  const test = join(folder, "test")
  const { shards } = await writeShards(test, samples, { samplesPerShard, digits: 1 })
  await writeFile(join(test, "nshards.txt"), `${shards.length}\n`)
}

/** The test samples of a benchmark folder: those of `test/` when it is there, else of the folder itself. */
export async function* readBenchmarkSamples(folder: string): AsyncGenerator<Sample> {
  const test = join(folder, "test")
  const nested = await stat(test).then(
    (found) => found.isDirectory(),
    () => false,
  )
  yield* readSamples(nested ? test : folder)
}

/** The key of a benchmark's sample, as CLIP_benchmark writes it: `s0000012`. */
export const benchmarkKey = (index: number): string => `s${String(index).padStart(7, "0")}`
