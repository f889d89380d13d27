// The names that the downloader's options take. Nothing is imported here: the command needs them before it loads the rest.

/** What lists come in, by the ends of their names. */
export const LIST_FORMATS = [
  "txt",
  "txt.gz",
  "csv",
  "csv.gz",
  "tsv",
  "tsv.gz",
  "json",
  "json.gz",
  "jsonl",
  "jsonl.gz",
  "parquet",
] as const
export type ListFormat = (typeof LIST_FORMATS)[number]

export const OUTPUT_FORMATS = ["files", "webdataset", "parquet", "tfrecord", "dummy"] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

export const RESIZE_MODES = ["no", "keep_ratio", "center_crop", "border", "keep_ratio_largest"] as const
export type ResizeMode = (typeof RESIZE_MODES)[number]

export const INTERPOLATIONS = [
  "nearest",
  "linear",
  "bilinear",
  "cubic",
  "bicubic",
  "area",
  "lanczos",
  "lanczos4",
] as const
export type InterpolationName = (typeof INTERPOLATIONS)[number]

export const ENCODE_FORMATS = ["jpg", "png", "webp"] as const
export type EncodeFormat = (typeof ENCODE_FORMATS)[number]

export const HASHES = ["none", "md5", "sha256", "sha512"] as const
export type HashName = (typeof HASHES)[number]

/** What is left out because the list has it already: nothing, the same URL, or an image of the same bytes as well. */
export const DUPLICATES = ["none", "url", "content"] as const
export type DuplicateKind = (typeof DUPLICATES)[number]
