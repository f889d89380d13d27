import { type Cell, type ColumnType, castCell, isList, isRecord } from "../lists/columns.ts"
import { additionalColumns, type DownloadOptions } from "../options.ts"
import { indentedJson } from "./python-json.ts"

export type SampleStatus = "success" | "failed_to_download" | "failed_to_resize"

/** Everything that is known of one URL in the end. */
export interface SampleRecord {
  readonly additional: ReadonlyArray<Cell>
  readonly caption: string | null
  readonly url: string
  readonly key: string
  readonly status: SampleStatus
  readonly errorMessage: string | null
  readonly width: number | null
  readonly height: number | null
  readonly originalWidth: number | null
  readonly originalHeight: number | null
  readonly exif: string | null
  readonly hash: string | null
}

/** Names that the downloader writes itself. */
export const METADATA_COLUMNS: ReadonlyArray<string> = [
  "key",
  "caption",
  "url",
  "width",
  "height",
  "original_width",
  "original_height",
  "status",
  "error_message",
  "exif",
  "md5",
  "sha256",
  "sha512",
]

/** A column of the metadata. */
export interface MetadataColumn {
  readonly name: string
  readonly type: ColumnType
  readonly value: (record: SampleRecord) => Cell
}

/**
 * The columns of `NNNNN.parquet`, in img2dataset's order. A hash that was verified stands where the list had it, before
 * the URL; else it is the last.
 */
export const metadataColumns = (
  options: DownloadOptions,
  additionalTypes: ReadonlyArray<ColumnType>,
): ReadonlyArray<MetadataColumn> => {
  const hash = options.computeHash === "none" ? [] : [text(options.computeHash, (record) => record.hash)]
  const isVerified = options.verifyHashCol !== undefined
  return [
    ...additionalColumns(options).map(
      (name, index): MetadataColumn => ({
        name,
        type: additionalTypes[index] ?? "STRING",
        value: (record) => record.additional[index] ?? null,
      }),
    ),
    ...(options.captionCol === undefined ? [] : [text("caption", (record) => record.caption)]),
    ...(isVerified ? hash : []),
    text("url", (record) => record.url),
    text("key", (record) => record.key),
    text("status", (record) => record.status),
    text("error_message", (record) => record.errorMessage),
    whole("width", (record) => record.width),
    whole("height", (record) => record.height),
    whole("original_width", (record) => record.originalWidth),
    whole("original_height", (record) => record.originalHeight),
    ...(options.extractExif ? [text("exif", (record) => record.exif)] : []),
    ...(isVerified ? [] : hash),
  ]
}

const text = (name: string, value: MetadataColumn["value"]): MetadataColumn => ({
  name,
  type: "STRING",
  value,
})
const whole = (name: string, value: MetadataColumn["value"]): MetadataColumn => ({
  name,
  type: "INT32",
  value,
})

const HASHES: ReadonlyArray<string> = ["md5", "sha256", "sha512"]

/** What `KEY.json` of a sample holds, with the hash last. */
export const sampleFields = (
  columns: ReadonlyArray<MetadataColumn>,
  record: SampleRecord,
): ReadonlyArray<readonly [name: string, value: Cell, type: ColumnType]> =>
  [
    ...columns.filter(({ name }) => !HASHES.includes(name)),
    ...columns.filter(({ name }) => HASHES.includes(name)),
  ].map(({ name, type, value }) => [name, castCell(value(record), type), type])

/** `KEY.json` of a sample. */
export const sampleJson = (columns: ReadonlyArray<MetadataColumn>, record: SampleRecord): string =>
  indentedJson(
    Object.fromEntries(sampleFields(columns, record).map(([name, cell]) => [name, jsonCell(cell)])),
  )

/** JSON has no whole numbers beyond 2⁵³ that every reader keeps: they become texts. */
const jsonCell = (cell: Cell): JsonCell => {
  if (isList(cell)) return cell.map(jsonCell)
  if (isRecord(cell))
    return Object.fromEntries(Object.entries(cell).map(([name, value]) => [name, jsonCell(value)]))
  if (typeof cell !== "bigint") return cell
  return BigInt.asIntN(53, cell) === cell ? Number(cell) : String(cell)
}

type JsonCell =
  | string
  | number
  | boolean
  | null
  | ReadonlyArray<JsonCell>
  | { readonly [field: string]: JsonCell }

/**
 * The key of a sample: the shard's number, then the sample's, padded with zeros to `oomShardCount` digits and as many
 * as the largest index in a shard needs.
 */
export const sampleKey = (
  shard: number,
  index: number,
  { numberSamplePerShard, oomShardCount }: DownloadOptions,
): string => {
  const digits = numberSamplePerShard === 1 ? 0 : String(numberSamplePerShard - 1).length
  const number = BigInt(shard) * 10n ** BigInt(digits) + BigInt(index)
  return String(number).padStart(digits + oomShardCount, "0")
}

/** The name that the files of a shard share. */
export const shardName = (shard: number, { oomShardCount }: DownloadOptions): string =>
  String(shard).padStart(oomShardCount, "0")
