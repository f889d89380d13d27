import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { attempt } from "./failures.ts"
import { makeFetcher } from "./fetch/index.ts"
import { ImagePool } from "./images/index.ts"
import { openUrlList, stampOf, surveyList, type UrlList } from "./lists/index.ts"
import { checkOptions, type DownloadOptions } from "./options.ts"
import { SampleMaker } from "./sample-maker.ts"
import { shapeOf } from "./shape.ts"
import { ShardLedger } from "./shards/index.ts"
import type { Downloaded, Report, ShardsJob } from "./shards-job.ts"
import { ShardsRun } from "./shards-run.ts"

/** Bytes of images that wait for a processor, beyond which no download begins. */
const NEAR = 64 * 1024 * 1024
/**
 * The same while addresses stay silent: the further ahead downloads are, the sooner it turns out which others do. It is
 * about as much as two cores do while one of them is waited for.
 */
const FAR = 256 * 1024 * 1024

/** Downloads the images of a list into the shards of a folder. Images that fail are counted and listed. */
export const downloadShards = Effect.fn("downloadShards")(function* (
  job: ShardsJob,
  options: DownloadOptions,
  report: Report,
) {
  yield* checkOptions(options)
  const ledger = new ShardLedger(job.folder, options.split.part)
  yield* attempt(() => mkdir(job.folder, { recursive: true }))
  const found = yield* attempt(() =>
    openUrlList(job.list, options.inputFormat, join(job.folder, ".image2dataset", "lists")),
  )
  const list = options.listColumns.length === 0 ? found : withNames(found, options.listColumns)
  const done = yield* attempt(() => doneBefore(list, ledger, job, options))
  if (done !== undefined) return done
  const survey = yield* attempt(() => surveyList(list, options))
  const [first] = list.files
  if (survey.hasRelative && first?.file === job.list && first.format !== "folder")
    report.log(
      "warning",
      "the list names files relative to it; pass their folder instead to have changes in them noticed",
    )
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const pool = yield* Effect.acquireRelease(
        Effect.sync(() => new ImagePool(options, job.imageThreads)),
        (images) => Effect.promise(() => images.close()),
      )
      const fetcher = yield* makeFetcher(options, {
        folder: list.folder,
        isBusy: (isAnySilent) => pool.backlog > (isAnySilent ? FAR : NEAR),
        ...(job.patience !== undefined && { patience: job.patience }),
      })
      const run = new ShardsRun(
        { list, survey, ledger, job, options, report },
        new SampleMaker(fetcher, pool, options),
      )
      yield* Effect.addFinalizer(() => Effect.promise(() => run.close()))
      return yield* attempt((signal) => run.run(signal))
    }),
  )
})

/** A list whose files do not begin with the names of their columns. */
const withNames = (list: UrlList, names: ReadonlyArray<string>): UrlList => ({
  ...list,
  files: list.files.map((file) => ({ ...file, names })),
})

/** Nothing need be read when neither the list nor the options nor the shards have changed. */
const doneBefore = async (
  list: UrlList,
  ledger: ShardLedger,
  { mode }: ShardsJob,
  options: DownloadOptions,
): Promise<Downloaded | undefined> => {
  if (mode === "extend") return undefined
  const finished = await ledger.finishedList()
  if (finished === undefined || finished.shape !== shapeOf(options, undefined)) return undefined
  if (finished.stamp !== (await stampOf(list, options))) return undefined
  if (mode === "retry" && finished.statistics.failedToDownload > 0) return undefined
  const files: Array<string> = []
  for (const name of finished.shards) {
    const shard = await ledger.finished(name)
    if (shard === undefined) return undefined
    files.push(...Object.keys(shard.files))
  }
  const { shards, statistics } = finished
  return { statistics, shards, kept: shards.length, files }
}
