import { permanent, type StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { METADATA_COLUMNS } from "./metadata.ts"

export type ResizeMode = "no" | "keep_ratio" | "center_crop" | "border" | "keep_ratio_largest"
export type EncodeFormat = "jpg" | "png" | "webp"
export type HashName = "none" | "md5" | "sha256" | "sha512"

/** img2dataset's options, under its own names. */
export interface DownloadOptions {
  /** Side of the images, in pixels. */
  readonly imageSize: number
  readonly resizeMode: ResizeMode
  /** Whether images that are smaller already stay as they are. */
  readonly resizeOnlyIfBigger: boolean
  readonly encodeFormat: EncodeFormat
  /** 1–100 for jpg and webp, the compression level 0–9 for png. */
  readonly encodeQuality: number | undefined
  /** Whether the downloaded bytes are kept where the format fits and nothing was resized. */
  readonly skipReencode: boolean
  /** Whether the downloaded bytes are kept always, without even decoding them. */
  readonly disableAllReencoding: boolean
  readonly numberSamplePerShard: number
  /** Digits of a shard's number. */
  readonly oomShardCount: number
  /** Downloads at a time. */
  readonly threadCount: number
  /** Seconds without news from a server. */
  readonly timeout: number
  /** Further attempts at what may pass. */
  readonly retries: number
  readonly urlCol: string
  readonly captionCol: string | undefined
  readonly saveAdditionalColumns: ReadonlyArray<string>
  readonly computeHash: HashName
  /** Shortest side, in pixels. */
  readonly minImageSize: number
  /** Width × height, in pixels. */
  readonly maxImageArea: number
  /** Longer side / shorter side. */
  readonly maxAspectRatio: number
  readonly userAgentToken: string | undefined
  /** `X-Robots-Tag` directives that forbid the use of an image. */
  readonly disallowedHeaderDirectives: ReadonlyArray<string>
  readonly extractExif: boolean
  /** Whether the list may name files outside its own folder. */
  readonly allowFiles: boolean
}

/** img2dataset's defaults, but for `threadCount` and `retries`, which it has at 256 and 0. */
export const DEFAULT_OPTIONS: DownloadOptions = {
  imageSize: 256,
  resizeMode: "border",
  resizeOnlyIfBigger: false,
  encodeFormat: "jpg",
  encodeQuality: undefined,
  skipReencode: false,
  disableAllReencoding: false,
  numberSamplePerShard: 10_000,
  oomShardCount: 5,
  threadCount: 64,
  timeout: 10,
  retries: 2,
  urlCol: "url",
  captionCol: undefined,
  saveAdditionalColumns: [],
  computeHash: "sha256",
  minImageSize: 0,
  maxImageArea: Number.POSITIVE_INFINITY,
  maxAspectRatio: Number.POSITIVE_INFINITY,
  userAgentToken: undefined,
  disallowedHeaderDirectives: ["noai", "noimageai", "noindex", "noimageindex"],
  extractExif: true,
  allowFiles: false,
}

/** Quality or compression level when the options name none. */
export const encodeQuality = ({ encodeFormat, encodeQuality }: DownloadOptions): number =>
  encodeQuality ?? (encodeFormat === "png" ? 6 : 95)

/** Refuses options that contradict each other, which the stage's schema cannot say. */
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
  const reserved = options.saveAdditionalColumns.filter((column) => METADATA_COLUMNS.includes(column))
  if (reserved.length > 0)
    return Effect.fail(
      permanent(`save-additional-columns names ${reserved.join(", ")}, which the downloader writes itself`, {
        hint: "leave these names out, or rename the columns in the list",
      }),
    )
  return Effect.void
}
