import { createHash } from "node:crypto"
import { stat } from "node:fs/promises"
import { didYouMean, permanent, type StageFailure } from "@diva-pipeline/core"
import { additionalColumns, type DownloadOptions } from "../options.ts"
import { type ColumnType, ColumnTyping, type ScalarType } from "./columns.ts"
import type { ListRow } from "./list-row.ts"
import { urlColumn, wantedColumns } from "./list-rows.ts"
import { parquetNumbers } from "./parquet-list.ts"
import { type ListFile, readRows, type UrlList } from "./url-list.ts"

/** Files whose format, or damage, tells no types. */
const NONE: ReadonlyMap<string, ScalarType> = new Map()

/** What must be known of a list before its first URL is asked for. */
export interface Survey {
  readonly rows: number
  readonly shards: number
  /** The types of the additional columns. */
  readonly additionalTypes: ReadonlyArray<ColumnType>
  /** Whether some addresses are paths relative to the list. */
  readonly hasRelative: boolean
}

/**
 * Reads a list once, from end to end.
 *
 * @throws StageFailure (permanent) when it is empty, damaged, or lacks a column
 */
export const surveyList = async (list: UrlList, options: DownloadOptions): Promise<Survey> => {
  const additional = additionalColumns(options)
  const typings = additional.map(() => new ColumnTyping())
  const declared: Array<ReadonlyMap<string, ScalarType>> = []
  let total = 0
  let shards = 0
  let hasRelative = false
  for (const file of list.files) {
    const url = urlColumn(file, options)
    const wanted = wantedColumns(file, options)
    const isTyped = file.format === "parquet"
    declared.push(isTyped ? await parquetNumbers(file.file).catch(() => NONE) : NONE)
    let rows = 0
    for await (const batch of readRows(file, wanted)) {
      const [first] = batch
      if (rows === 0 && first !== undefined) checkColumns(file, first, wanted)
      rows += batch.length
      for (const row of batch) {
        hasRelative ||= isRelative(String(row[url] ?? ""))
        for (const [index, name] of additional.entries()) typings[index]?.add(row[name] ?? null, isTyped)
      }
    }
    total += rows
    shards += Math.ceil(rows / options.numberSamplePerShard)
  }
  if (total === 0) throw permanent(`the URL list ${list.name} has no URLs`, { file: list.name })
  const additionalTypes = additional.map(
    (name, index) => sameType(declared.map((types) => types.get(name))) ?? typings[index]?.type ?? "STRING",
  )
  return { rows: total, shards, additionalTypes, hasRelative }
}

/** What every file says of a column. */
const sameType = (types: ReadonlyArray<ScalarType | undefined>): ScalarType | undefined =>
  types.every((type) => type === types[0]) ? types[0] : undefined

/**
 * What changes when a list does, or what is read of it: names, sizes and times of its files, and columns. A folder of
 * images has none of its own.
 */
export const stampOf = async (
  list: UrlList,
  { split, urlCol, captionCol, verifyHashCol, listColumns }: DownloadOptions,
): Promise<string | undefined> => {
  const hash = createHash("sha256").update(
    JSON.stringify([split, urlCol, captionCol, verifyHashCol, listColumns]),
  )
  for (const { file, format } of list.files) {
    if (format === "folder") return undefined
    const { size, mtimeMs, ino } = await stat(file)
    hash.update(JSON.stringify([file, format, size, mtimeMs, ino]))
  }
  return hash.digest("hex")
}

const isRelative = (url: string): boolean => !/^[a-z][a-z0-9+.-]*:/i.test(url)

const checkColumns = ({ file }: ListFile, row: ListRow, wanted: ReadonlyArray<string>): void => {
  const names = Object.keys(row)
  for (const name of wanted) if (!names.includes(name)) throw missingColumn(file, name, names)
}

const missingColumn = (file: string, name: string, names: ReadonlyArray<string>): StageFailure => {
  const hint = didYouMean(name, names)
  return permanent(`the URL list ${file} has no column "${name}"`, {
    file,
    ...(hint !== undefined && { hint }),
  })
}
