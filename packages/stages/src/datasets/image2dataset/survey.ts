import { didYouMean, permanent, type StageFailure } from "@diva-pipeline/core"
import { type ColumnType, ColumnTyping } from "./columns.ts"
import type { DownloadOptions } from "./options.ts"
import { digestOfList, type ListRow, readRows, type UrlList } from "./url-list.ts"

/** What must be known of a list before its first URL is asked for. */
export interface Survey {
  readonly rows: number
  /** The column with the URLs. */
  readonly urlCol: string
  /** The types of the additional columns. */
  readonly additionalTypes: ReadonlyArray<ColumnType>
  /** Whether some addresses are paths relative to the list. */
  readonly hasRelative: boolean
  /** The digest of the list. */
  readonly digest: string
}

/**
 * Reads a list once, from end to end.
 *
 * @throws StageFailure (permanent) when it is empty, damaged, or lacks a column
 */
export const surveyList = async (list: UrlList, options: DownloadOptions): Promise<Survey> => {
  const urlCol = list.format === "txt" || list.format === "folder" ? "url" : options.urlCol
  const wanted = [
    urlCol,
    ...(options.captionCol === undefined ? [] : [options.captionCol]),
    ...options.saveAdditionalColumns,
  ]
  const typings = options.saveAdditionalColumns.map(() => new ColumnTyping())
  let rows = 0
  let hasRelative = false
  for await (const row of readRows(list)) {
    if (rows === 0) checkColumns(list, row, wanted)
    rows += 1
    hasRelative ||= isRelative(String(row[urlCol] ?? ""))
    for (const [index, name] of options.saveAdditionalColumns.entries())
      typings[index]?.add(row[name] ?? null)
  }
  if (rows === 0) throw permanent(`the URL list ${list.file} has no URLs`, { file: list.file })
  const digest = await digestOfList(list)
  return { rows, urlCol, additionalTypes: typings.map(({ type }) => type), hasRelative, digest }
}

const isRelative = (url: string): boolean => !/^[a-z][a-z0-9+.-]*:/i.test(url)

const checkColumns = (list: UrlList, row: ListRow, wanted: ReadonlyArray<string>): void => {
  const names = Object.keys(row)
  for (const name of wanted) if (!names.includes(name)) throw missingColumn(list, name, names)
}

const missingColumn = (list: UrlList, name: string, names: ReadonlyArray<string>): StageFailure => {
  const hint = didYouMean(name, names)
  return permanent(`the URL list ${list.file} has no column "${name}"`, {
    file: list.file,
    ...(hint !== undefined && { hint }),
  })
}
