import { copyFile, cp, link, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { StageContext } from "@diva-pipeline/core"
import { Effect } from "effect"
import { downloadShards } from "./download-shards.ts"
import { attempt, nothingDownloaded } from "./failures.ts"
import type { FetchPatience } from "./fetch/index.ts"
import type { DownloadOptions } from "./options.ts"
import { commonestReasons, ShardLedger, type Statistics, summaryJson } from "./shards/index.ts"

/** Where a data set comes from and goes to. */
export interface DownloadJob {
  /** A list of URLs, or a folder of images. */
  readonly list: string
  /** An empty folder for the shards. */
  readonly shards: string
  /** The file for the summary. */
  readonly summary: string
  /** A folder that survives failed attempts. */
  readonly checkpoint: string
  /** Folders with shards of earlier runs, whose samples need not be downloaded again. */
  readonly earlier?: ReadonlyArray<string>
  /** Whether those samples are downloaded again whose bytes did not come then. */
  readonly isRetry?: boolean
  readonly patience?: FetchPatience
}

/**
 * Downloads the images of a list into shards with img2dataset's layout. Only a list of which nothing comes, or a network
 * that is gone, is a failure. The bytes depend on the list, the options and what the servers send, not on order, time or
 * interruptions.
 */
export const downloadDataset = Effect.fn("downloadDataset")(function* (
  job: DownloadJob,
  options: DownloadOptions,
  report: Pick<StageContext, "progress" | "log">,
) {
  const { statistics, shards, kept, files } = yield* downloadShards(
    {
      list: job.list,
      folder: job.checkpoint,
      mode: job.isRetry === true ? "retry" : "incremental",
      recordTimes: false,
      ...(job.earlier !== undefined && { earlier: job.earlier }),
      ...(job.patience !== undefined && { patience: job.patience }),
    },
    options,
    report,
  )
  if (kept > 0) report.log("info", `${kept} shards were finished before`)
  if (statistics.successes === 0) {
    yield* attempt(() => clear(job.checkpoint))
    return yield* nothingDownloaded(statistics, job.list)
  }
  // With the records, a later run knows which samples these shards have.
  const ledger = new ShardLedger(job.checkpoint, 0)
  for (const file of [...files, ...shards.flatMap((name) => ledger.recordFiles(name))])
    yield* attempt(() => place(join(job.checkpoint, file), join(job.shards, file)))
  yield* attempt(() => writeFile(job.summary, summaryJson(statistics, shards.length)))
  tell(statistics, report.log)
})

const clear = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
}

/** Places a file or folder a second time: the first stays where it is, for the run may still be killed. */
const place = async (from: string, to: string): Promise<void> => {
  await mkdir(dirname(to), { recursive: true })
  if ((await stat(from)).isDirectory()) await cp(from, to, { recursive: true })
  else await link(from, to).catch(() => copyFile(from, to))
}

const tell = (statistics: Statistics, log: StageContext["log"]): void => {
  const { count, successes } = statistics
  if (successes === count) {
    log("info", `${count} images`)
    return
  }
  log("warning", `${count - successes} of ${count} images failed: ${commonestReasons(statistics)}`)
  for (const { url, reason } of statistics.failures.slice(0, 10))
    log("info", `${url}: ${reason.split("\n", 1)[0]}`)
}
