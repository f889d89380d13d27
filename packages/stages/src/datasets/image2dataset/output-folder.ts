import { readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Option, Schema } from "effect"
import { type FinishedShard, NO_STATISTICS, summaryJson } from "./shards/index.ts"
import type { Downloaded } from "./shards-job.ts"
import { summaryPage } from "./summary-page.ts"

/** What a shard's files are called, ours and img2dataset's. */
const SHARD = /^\d+(\.tar|\.parquet|\.tfrecord|_stats\.json)?$/
const OWN: ReadonlyArray<string> = [".image2dataset", "_tmp", "summary.json", "summary.html"]

/** Removes the shards of a folder, and what is kept about them. Whatever else is there stays. */
export const removeShards = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder).catch(() => []))
    if (SHARD.test(name) || OWN.includes(name)) await rm(join(folder, name), { recursive: true })
}

/** Writes `summary.json` and `summary.html` beside the shards. */
export const writeSummary = async (folder: string, { statistics, shards }: Downloaded): Promise<void> => {
  await writeFile(join(folder, "summary.json"), summaryJson(statistics, shards.length))
  await writeFile(join(folder, "summary.html"), summaryPage(statistics, shards.length))
}

/** `NNNNN_stats.json` as img2dataset writes it. */
const ForeignStats = Schema.Struct({
  count: Schema.Number,
  successes: Schema.Number,
  failed_to_download: Schema.Number,
  failed_to_resize: Schema.Number,
  status_dict: Schema.Record(Schema.String, Schema.Number),
})
const decodeStats = Schema.decodeUnknownOption(Schema.fromJsonString(ForeignStats))

/** A shard that img2dataset has made, by its statistics. */
export const readForeign = async (folder: string, name: string): Promise<FinishedShard | undefined> => {
  const text = await readFile(join(folder, `${name}_stats.json`), "utf8").catch(() => undefined)
  const stats = Option.getOrUndefined(decodeStats(text))
  if (stats === undefined) return undefined
  return {
    shape: "",
    rows: "",
    files: {},
    statistics: {
      ...NO_STATISTICS,
      count: stats.count,
      successes: stats.successes,
      failedToDownload: stats.failed_to_download,
      failedToResize: stats.failed_to_resize,
      reasons: stats.status_dict,
    },
  }
}
