import { readdir, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { permanent } from "@diva-pipeline/core"
import type { Benchmark } from "./benchmark.ts"
import { classFolder, openImageFolder } from "./image-folder-layout.ts"
import { openPairs } from "./pairs-layout.ts"
import { findTables } from "./splits.ts"
import { openTables } from "./table-layout.ts"
import { openWebdataset, shardFolder } from "./webdataset-layout.ts"

/**
 * Opens a benchmark of whatever layout: MMVP-VLM's, CLIP_benchmark's webdatasets, tables (CSV, Parquet) beside their
 * images, or a folder of images for each class.
 *
 * @param source its folder, or a table
 * @throws StageFailure when it is none of these, or not whole
 */
export const openBenchmark = async (source: string, split = "test"): Promise<Benchmark> => {
  const found = await stat(source).catch(() => undefined)
  if (found === undefined) throw permanent("the benchmark does not exist", { file: source })
  const names: ReadonlyArray<string> = found.isDirectory() ? await readdir(source) : []
  if (names.includes("Questions.csv")) return openPairs(source)
  const shards = await shardFolder(source, split)
  if (shards !== undefined) return openWebdataset(source, shards)
  const tables = await findTables(source, split)
  if (tables.length > 0) return openTables(tables, found.isDirectory() ? source : dirname(source))
  const classes = await classFolder(source, split)
  if (classes !== undefined) return openImageFolder(source, classes)
  throw permanent("this is no benchmark in a layout that is read", {
    file: source,
    hint: `shards in ${split}/, Questions.csv, ${split}.csv, ${split}.parquet, or a folder of images for each class`,
  })
}
