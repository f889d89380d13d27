import { type DownloadOptions, type IncrementalMode, loadDownloader } from "@diva-pipeline/stages"
import { Console, Effect, Option } from "effect"
import { CommandFailed } from "../command-failed.ts"
import { formatRate, formatSeconds, stylerFor } from "../terminal/index.ts"
import type { Image2datasetArguments } from "./arguments/image2dataset.ts"
import { listOf, pairOf, shareOf } from "./image2dataset-values.ts"
import { ProgressLine } from "./progress-line.ts"
import { stopSignal } from "./stop-signal.ts"

/** `diva-pipeline image2dataset`: the downloader by itself, for people who know img2dataset. */
export const image2dataset = Effect.fn("image2dataset")(function* (given: Image2datasetArguments) {
  yield* refuseUnsupported(given)
  const downloader = yield* Effect.promise(loadDownloader)
  const options = yield* optionsOf(given, downloader.DEFAULT_OPTIONS, downloader.formatOf)
  const mode = Option.getOrElse(given.incremental_mode, () => "incremental" as const)
  if (mode === "overwrite") yield* Effect.promise(() => downloader.removeShards(given.output_folder))
  const style = stylerFor(process.stderr)
  const line = new ProgressLine(process.stderr, Date.now())
  const started = performance.now()
  const downloading = downloader
    .downloadShards(
      {
        list: given.url_list,
        folder: given.output_folder,
        mode: modeOf(mode),
        recordTimes: true,
        isForeignKept: true,
        isShapeKept: true,
        ...(Option.isSome(given.processes_count) && { imageThreads: given.processes_count.value }),
      },
      options,
      {
        progress: (progress) => line.show(progress),
        log: (level, message) => line.say(level === "warning" ? style.warning(message) : message),
      },
    )
    .pipe(
      Effect.ensuring(Effect.sync(() => line.end())),
      Effect.mapError(
        ({ message, hint }) => new CommandFailed({ message, ...(hint !== undefined && { hint }) }),
      ),
    )
  const { downloaded } = yield* Effect.scoped(
    Effect.gen(function* () {
      const stop = yield* stopSignal(() => line.say("stopping: finished shards are kept"))
      const stopped = Effect.callback<never, CommandFailed>((resume) => {
        stop.addEventListener("abort", () =>
          resume(Effect.fail(new CommandFailed({ message: "", exitCode: 130 }))),
        )
      })
      return { downloaded: yield* Effect.raceFirst(downloading, stopped) }
    }),
  )
  const { statistics, shards, kept } = downloaded
  const seconds = (performance.now() - started) / 1000
  yield* Effect.promise(() => downloader.writeSummary(given.output_folder, downloaded))
  yield* Console.log(totalLine(statistics, kept === shards.length ? 0 : seconds))
  for (const [reason, times] of Object.entries(statistics.reasons).slice(0, REASONS))
    yield* Console.log(`  ${String(times).padStart(9)}  ${reason.split("\n", 1)[0]}`)
  const made = kept === shards.length ? "nothing to do" : `${shards.length - kept} made, ${kept} kept`
  yield* Console.log(`${shards.length} shards in ${given.output_folder} (${made}), ${formatSeconds(seconds)}`)
  if (statistics.successes === 0)
    return yield* new CommandFailed({
      message: `none of the ${statistics.count} images came`,
      hint: "the reasons are above, and in summary.html beside the shards",
    })
})

/** Reasons that are printed; the summary has them all. */
const REASONS = 10

/** As img2dataset prints it. */
const totalLine = (
  { count, successes, failedToDownload, failedToResize }: Counts,
  seconds: number,
): string => {
  const share = (part: number) => (count === 0 ? 0 : part / count).toFixed(3)
  const rate = seconds > 0 ? formatRate(count / seconds) : "-"
  return `total   - success: ${share(successes)} - failed to download: ${share(failedToDownload)} - failed to resize: ${share(failedToResize)} - images per sec: ${rate} - count: ${count}`
}

interface Counts {
  readonly count: number
  readonly successes: number
  readonly failedToDownload: number
  readonly failedToResize: number
}

const modeOf = (mode: IncrementalMode | "overwrite"): IncrementalMode =>
  mode === "overwrite" ? "incremental" : mode

const refuseUnsupported = (given: Image2datasetArguments): Effect.Effect<void, CommandFailed> => {
  const refuse = (message: string, hint: string) =>
    Effect.fail(new CommandFailed({ message, hint, exitCode: 2 }))
  if (given.enable_wandb)
    return refuse("--enable_wandb is not supported", "summary.json in the output folder has the figures")
  if (Option.getOrUndefined(given.distributor)?.match(/pyspark|ray/))
    return refuse(
      "--distributor pyspark and ray are not supported",
      "start the same command on each machine with --split 1/N … N/N",
    )
  return Effect.void
}

/** The options that were given, over the defaults. */
const optionsOf = Effect.fnUntraced(function* (
  given: Image2datasetArguments,
  defaults: DownloadOptions,
  formatOf: (name: string) => DownloadOptions["inputFormat"],
) {
  const or = <A, B>(value: Option.Option<A>, otherwise: B): A | B => Option.getOrElse(value, () => otherwise)
  const list = (name: string, value: Option.Option<string>, otherwise: ReadonlyArray<string>) =>
    Option.isNone(value) ? Effect.succeed(otherwise) : listOf(name, value.value)
  const computeHash = or(given.compute_hash, defaults.computeHash)
  const isFolder = yield* Effect.promise(() => isFolderPath(given.url_list))
  const options: DownloadOptions = {
    ...defaults,
    imageSize: or(given.image_size, defaults.imageSize),
    resizeMode: or(given.resize_mode, defaults.resizeMode),
    resizeOnlyIfBigger: given.resize_only_if_bigger,
    upscaleInterpolation: or(given.upscale_interpolation, defaults.upscaleInterpolation),
    downscaleInterpolation: or(given.downscale_interpolation, defaults.downscaleInterpolation),
    encodeQuality: or(given.encode_quality, undefined),
    encodeFormat: or(given.encode_format, defaults.encodeFormat),
    skipReencode: given.skip_reencode,
    disableAllReencoding: given.disable_all_reencoding,
    extractExif: given.extract_exif,
    computeHash,
    minImageSize: or(given.min_image_size, defaults.minImageSize),
    maxImageArea: or(given.max_image_area, defaults.maxImageArea),
    maxAspectRatio: or(given.max_aspect_ratio, defaults.maxAspectRatio),
    threadCount: or(given.thread_count, defaults.threadCount),
    timeout: or(given.timeout, defaults.timeout),
    totalTimeout: or(given.total_timeout, defaults.totalTimeout),
    minimumRate: or(given.minimum_rate, defaults.minimumRate),
    maxBodySize: or(given.max_body_size, defaults.maxBodySize),
    retries: or(given.retries, defaults.retries),
    connectionsPerHost: or(given.connections_per_host, defaults.connectionsPerHost),
    silentConnectionsPerHost: or(given.silent_connections_per_host, defaults.silentConnectionsPerHost),
    requestsPerHost: or(given.requests_per_host, undefined),
    resolvers: yield* list("resolvers", given.resolvers, []),
    allowPrivateAddresses: given.allow_private_addresses,
    ignoreSslCertificate: given.ignore_ssl_certificate,
    respectRobotsTxt: given.respect_robots_txt,
    userAgentToken: or(given.user_agent_token, undefined),
    disallowedHeaderDirectives: yield* list(
      "disallowed_header_directives",
      given.disallowed_header_directives,
      defaults.disallowedHeaderDirectives,
    ),
    allowFiles: given.allow_files,
    inputFormat: or(
      given.input_format,
      isFolder || formatOf(given.url_list) !== undefined ? undefined : "txt",
    ),
    listColumns: yield* list("list_columns", given.list_columns, []),
    outputFormat: given.output_format,
    numberSamplePerShard: or(given.number_sample_per_shard, defaults.numberSamplePerShard),
    oomShardCount: or(given.oom_shard_count, defaults.oomShardCount),
    urlCol: or(given.url_col, defaults.urlCol),
    captionCol: or(given.caption_col, undefined),
    bboxCol: or(given.bbox_col, undefined),
    saveAdditionalColumns: yield* list("save_additional_columns", given.save_additional_columns, []),
    verifyHashCol: Option.isNone(given.verify_hash)
      ? undefined
      : yield* pairOf(given.verify_hash.value, computeHash),
    skipDuplicates: or(given.skip_duplicates, defaults.skipDuplicates),
    split: Option.isNone(given.split) ? defaults.split : yield* shareOf(given.split.value),
  }
  return options
})

const isFolderPath = async (path: string): Promise<boolean> => {
  const { stat } = await import("node:fs/promises")
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
