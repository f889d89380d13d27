import { permanent, type StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import type { DuplicateKind, ListFormat, OutputFormat } from "../../image2dataset-names.ts"
import { encodeQuality, type ImageOptions } from "./image-options.ts"
import { METADATA_COLUMNS } from "./shards/index.ts"

/** How the bytes are got. Nothing of it shows in the shards but in what came. */
export interface FetchOptions {
  /** Downloads at a time, at most. */
  readonly threadCount: number
  /** Seconds without news from a server. */
  readonly timeout: number
  /** Seconds for one image in all, redirects included. */
  readonly totalTimeout: number
  /** Bytes a second that a server must send in the mean, once `timeout` is over. */
  readonly minimumRate: number
  /** Bytes of one image. */
  readonly maxBodySize: number
  /** Further attempts at what may pass. */
  readonly retries: number
  /** Connections to one host at a time. */
  readonly connectionsPerHost: number
  /** Connections to one host beside these, which it leaves without an answer while it answers others. */
  readonly silentConnectionsPerHost: number
  /** Requests to one host a second; undefined for as many as it answers. */
  readonly requestsPerHost: number | undefined
  /** Servers to ask for addresses instead of the system's. */
  readonly resolvers: ReadonlyArray<string>
  /** Whether addresses of this machine and of private networks may be asked. */
  readonly allowPrivateAddresses: boolean
  /** Whether servers need no certificate that holds. */
  readonly ignoreSslCertificate: boolean
  /** Whether `robots.txt` is asked for and respected. */
  readonly respectRobotsTxt: boolean
  readonly userAgentToken: string | undefined
  /** `X-Robots-Tag` directives that forbid the use of an image. */
  readonly disallowedHeaderDirectives: ReadonlyArray<string>
  /** Whether the list may name files outside its own folder. */
  readonly allowFiles: boolean
}

/** img2dataset's options, under its own names, and ours. */
export interface DownloadOptions extends ImageOptions, FetchOptions {
  readonly inputFormat: ListFormat | undefined
  /** The names of a CSV's or TSV's columns, when it does not begin with them. */
  readonly listColumns: ReadonlyArray<string>
  readonly outputFormat: OutputFormat
  readonly numberSamplePerShard: number
  /** Digits of a shard's number. */
  readonly oomShardCount: number
  readonly urlCol: string
  readonly captionCol: string | undefined
  /** The column with the boxes that are blurred. */
  readonly bboxCol: string | undefined
  readonly saveAdditionalColumns: ReadonlyArray<string>
  /** The column with the expected hashes, of the kind `computeHash`. */
  readonly verifyHashCol: string | undefined
  readonly skipDuplicates: DuplicateKind
  /** Of the shards, every `of`th, beginning with `part`. */
  readonly split: { readonly part: number; readonly of: number }
}

/** img2dataset's defaults, but for `retries`, which it has at 0, and `outputFormat`, at files. */
export const DEFAULT_OPTIONS: DownloadOptions = {
  imageSize: 256,
  resizeMode: "border",
  resizeOnlyIfBigger: false,
  upscaleInterpolation: "lanczos",
  downscaleInterpolation: "area",
  encodeFormat: "jpg",
  encodeQuality: undefined,
  skipReencode: false,
  disableAllReencoding: false,
  extractExif: true,
  computeHash: "sha256",
  minImageSize: 0,
  maxImageArea: Number.POSITIVE_INFINITY,
  maxAspectRatio: Number.POSITIVE_INFINITY,
  threadCount: 256,
  timeout: 10,
  totalTimeout: 60,
  minimumRate: 1000,
  maxBodySize: 64 * 1024 * 1024,
  retries: 2,
  connectionsPerHost: 32,
  silentConnectionsPerHost: 32,
  requestsPerHost: undefined,
  resolvers: [],
  allowPrivateAddresses: false,
  ignoreSslCertificate: false,
  respectRobotsTxt: false,
  userAgentToken: undefined,
  disallowedHeaderDirectives: ["noai", "noimageai", "noindex", "noimageindex"],
  allowFiles: false,
  inputFormat: undefined,
  listColumns: [],
  outputFormat: "webdataset",
  numberSamplePerShard: 10_000,
  oomShardCount: 5,
  urlCol: "url",
  captionCol: undefined,
  bboxCol: undefined,
  saveAdditionalColumns: [],
  verifyHashCol: undefined,
  skipDuplicates: "none",
  split: { part: 0, of: 1 },
}

/** The additional columns that are kept: the boxes' is one of them, as in img2dataset. */
export const additionalColumns = ({
  saveAdditionalColumns,
  bboxCol,
}: DownloadOptions): ReadonlyArray<string> =>
  bboxCol === undefined || saveAdditionalColumns.includes(bboxCol)
    ? saveAdditionalColumns
    : [...saveAdditionalColumns, bboxCol]

/** Refuses options that contradict each other, which a schema cannot say. */
export const checkOptions = (options: DownloadOptions): Effect.Effect<void, StageFailure> => {
  const { encodeFormat } = options
  const quality = encodeQuality(options)
  if (encodeFormat === "png" && quality > 9)
    return Effect.fail(
      permanent(`encode-quality ${quality} is not possible with encode-format png`, {
        hint: "for png it is the compression level, 0 to 9; leave it out for 6",
      }),
    )
  if (encodeFormat !== "png" && quality < 1)
    return Effect.fail(
      permanent(`encode-quality ${quality} is not possible with encode-format ${encodeFormat}`, {
        hint: "it must be 1 to 100",
      }),
    )
  const reserved = additionalColumns(options).filter((column) => METADATA_COLUMNS.includes(column))
  if (reserved.length > 0)
    return Effect.fail(
      permanent(`save-additional-columns names ${reserved.join(", ")}, which the downloader writes itself`, {
        hint: "leave these names out, or rename the columns in the list",
      }),
    )
  if (options.verifyHashCol !== undefined && options.computeHash === "none")
    return Effect.fail(
      permanent("verify-hash needs the hash: compute-hash must not be none", {
        hint: "set compute-hash to the kind of hash that the list has",
      }),
    )
  if (
    options.skipDuplicates === "content" &&
    (options.computeHash === "none" || options.outputFormat === "dummy")
  )
    return Effect.fail(
      permanent("skip-duplicates content needs the hashes of images, which are kept in the shards", {
        hint: "set compute-hash, and an output-format other than dummy",
      }),
    )
  return Effect.void
}
