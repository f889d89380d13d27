import { createHash } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { permanent, type StageContext, StageFailure } from "@diva-pipeline/core"
import { Effect, Stream } from "effect"
import { type DownloadPatience, makeDownloader } from "./downloader.ts"
import { attempt, nothingDownloaded } from "./failures.ts"
import { metadataColumns, sampleKey } from "./metadata.ts"
import { checkOptions, type DownloadOptions } from "./options.ts"
import { makeResizer } from "./resizer.ts"
import { makeSampleMaker, type SampleTask } from "./sample.ts"
import { ShardStore } from "./shard-store.ts"
import { ShardedOutput } from "./sharded-output.ts"
import { commonestReasons, type Statistics, summaryJson } from "./statistics.ts"
import { type Survey, surveyList } from "./survey.ts"
import { openUrlList, readRows, type UrlList } from "./url-list.ts"

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
  readonly patience?: DownloadPatience
}

/** Raised with every change of the shards' bytes, so that shards of two versions are never mixed. */
const LAYOUT = 1

/**
 * Downloads the images of a list into webdataset shards with img2dataset's layout. Images that fail are counted and
 * listed; only a list of which nothing comes, or a network that is gone, is a failure. The bytes depend on the list,
 * the options and what the servers send, not on order, time or interruptions.
 */
export const downloadDataset = Effect.fn("downloadDataset")(function* (
  job: DownloadJob,
  options: DownloadOptions,
  { progress, log }: Pick<StageContext, "progress" | "log">,
) {
  yield* checkOptions(options)
  const list = yield* attempt(() => openUrlList(job.list))
  const survey = yield* attempt(() => surveyList(list, options))
  if (survey.hasRelative && list.file === job.list)
    log(
      "warning",
      "the list names files relative to it; pass their folder instead to have changes in them noticed",
    )

  const columns = metadataColumns(options, survey.additionalTypes)
  const store = yield* attempt(() => ShardStore.open(job.checkpoint, runDigest(survey, options)))
  const output = yield* attempt(() => ShardedOutput.resume(store, options, columns))
  const kept = output.finished.length
  if (kept > 0) log("info", `continuing after ${kept} finished shards`)

  yield* download(job, list, survey, options, output, progress)
  const { statistics, finished } = output
  if (statistics.successes === 0) {
    yield* attempt(() => store.clear())
    return yield* nothingDownloaded(statistics, job.list)
  }
  for (const name of finished) yield* attempt(() => store.place(name, job.shards))
  yield* attempt(() => writeFile(job.summary, summaryJson(statistics, finished.length)))
  report(statistics, log)
})

/** Samples in the making or waiting for the one before them, for each thread. */
const WINDOW = 4

const download = Effect.fnUntraced(function* (
  job: DownloadJob,
  list: UrlList,
  survey: Survey,
  options: DownloadOptions,
  output: ShardedOutput,
  progress: StageContext["progress"],
) {
  const downloader = yield* makeDownloader(list.folder, options, job.patience)
  const resizer = yield* makeResizer(options)
  const make = yield* makeSampleMaker(downloader, resizer, options)
  const skipped = output.statistics.count
  let done = skipped
  let failed = skipped - output.statistics.successes
  yield* Effect.addFinalizer(() => Effect.promise(() => output.abandon()))
  yield* Stream.fromAsyncIterable(readTasks(list, survey, options, skipped), (cause) =>
    listFailure(cause, job.list),
  ).pipe(
    Stream.mapEffect(make, { concurrency: options.threadCount * WINDOW }),
    Stream.runForEach((sample) =>
      attempt(async () => {
        await output.add(sample)
        done += 1
        if (sample.image === undefined) failed += 1
        progress({
          done,
          total: survey.rows,
          unit: "images",
          ...(failed > 0 && { detail: `${failed} failed` }),
        })
      }),
    ),
  )
  yield* attempt(() => output.close())
}, Effect.scoped)

/** The rows of a list from `start` on, with their keys. */
async function* readTasks(
  list: UrlList,
  survey: Survey,
  options: DownloadOptions,
  start: number,
): AsyncGenerator<SampleTask> {
  let position = 0
  for await (const row of readRows(list)) {
    const at = position++
    if (at < start) continue
    const caption = options.captionCol === undefined ? null : row[options.captionCol]
    yield {
      key: sampleKey(
        Math.floor(at / options.numberSamplePerShard),
        at % options.numberSamplePerShard,
        options,
      ),
      url: String(row[survey.urlCol] ?? "").trim(),
      caption: caption === null || caption === undefined ? null : String(caption),
      additional: options.saveAdditionalColumns.map((name) => row[name] ?? null),
    }
  }
}

const listFailure = (cause: unknown, list: string): StageFailure =>
  cause instanceof StageFailure
    ? cause
    : permanent(`the URL list ${list} cannot be read: ${cause}`, { file: list })

/** Everything that the shards' bytes depend on, but for what the servers send. */
const runDigest = (survey: Survey, options: DownloadOptions): string => {
  // How many at a time and how patiently changes nothing in the shards.
  const { threadCount: _, timeout: __, retries: ___, ...shaping } = options
  return createHash("sha256")
    .update(JSON.stringify([LAYOUT, survey.digest, shaping]))
    .digest("hex")
}

const report = (statistics: Statistics, log: StageContext["log"]): void => {
  const { count, successes } = statistics
  if (successes === count) {
    log("info", `${count} images`)
    return
  }
  log("warning", `${count - successes} of ${count} images failed: ${commonestReasons(statistics)}`)
  for (const { url, reason } of statistics.failures.slice(0, 10))
    log("info", `${url}: ${reason.split("\n", 1)[0]}`)
}
