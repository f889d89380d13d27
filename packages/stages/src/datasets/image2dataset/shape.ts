import type { ColumnType } from "./lists/index.ts"
import { additionalColumns, type DownloadOptions } from "./options.ts"

/** Raised with every change of the shards' bytes, so that shards of two versions are never mixed. */
const LAYOUT = 3

/**
 * Everything that the shards' bytes depend on, but for the rows and what the servers send, as text.
 *
 * @param types the types of the additional columns, where they are known
 */
export const shapeOf = (options: DownloadOptions, types: ReadonlyArray<ColumnType> | undefined): string =>
  JSON.stringify({
    layout: LAYOUT,
    image_size: options.imageSize,
    resize_mode: options.resizeMode,
    resize_only_if_bigger: options.resizeOnlyIfBigger,
    upscale_interpolation: options.upscaleInterpolation,
    downscale_interpolation: options.downscaleInterpolation,
    encode_format: options.encodeFormat,
    encode_quality: options.encodeQuality ?? null,
    skip_reencode: options.skipReencode,
    disable_all_reencoding: options.disableAllReencoding,
    extract_exif: options.extractExif,
    compute_hash: options.computeHash,
    min_image_size: options.minImageSize,
    max_image_area: String(options.maxImageArea),
    max_aspect_ratio: String(options.maxAspectRatio),
    output_format: options.outputFormat,
    number_sample_per_shard: options.numberSamplePerShard,
    oom_shard_count: options.oomShardCount,
    caption_col: options.captionCol !== undefined,
    bbox_col: options.bboxCol ?? null,
    save_additional_columns: additionalColumns(options),
    skip_duplicates: options.skipDuplicates,
    verify_hash: options.verifyHashCol !== undefined,
    types: types ?? null,
  })

/** What differs between two shapes, in words: `image_size 256 → 512`. */
export const shapeDifference = (before: string, now: string): ReadonlyArray<string> => {
  const [old, fresh]: ReadonlyArray<Record<string, unknown>> = [JSON.parse(before), JSON.parse(now)]
  return Object.entries(fresh ?? {})
    .filter(([name, value]) => name !== "types" && JSON.stringify(old?.[name]) !== JSON.stringify(value))
    .map(([name, value]) => `${name} ${JSON.stringify(old?.[name])} → ${JSON.stringify(value)}`)
}
