import { createHash } from "node:crypto"
import { additionalColumns, type DownloadOptions } from "../options.ts"
import type { SeenDigests } from "../seen-digests.ts"
import { type Cell, cellText } from "./columns.ts"
import type { ListRow } from "./list-row.ts"
import { type ListFile, readRows, type UrlList } from "./url-list.ts"

/** One URL of a list, with what is kept of its row. */
export interface ListedUrl {
  readonly url: string
  readonly caption: string | null
  readonly additional: ReadonlyArray<Cell>
  readonly expectedHash: string | undefined
  /** Whether the list has the URL before and it is to be left out. */
  readonly isDuplicate: boolean
}

/** The rows of one shard. */
export interface ListedShard {
  /** Its number, counted from 0 in the list. */
  readonly number: number
  readonly urls: ReadonlyArray<ListedUrl>
}

/** The columns that are read. */
export const wantedColumns = (file: ListFile, options: DownloadOptions): ReadonlyArray<string> => [
  ...new Set([
    urlColumn(file, options),
    ...(options.captionCol === undefined ? [] : [options.captionCol]),
    ...additionalColumns(options),
    ...(options.verifyHashCol === undefined ? [] : [options.verifyHashCol]),
  ]),
]

/** Lists without names have one column. */
export const urlColumn = ({ format }: ListFile, { urlCol }: DownloadOptions): string =>
  format === "folder" || format.startsWith("txt") ? "url" : urlCol

/**
 * The list in shards. As in img2dataset, a shard does not reach from one file into the next.
 *
 * @param seen where the URLs that have come are noted, if those that come again are to be known
 */
export async function* readShards(
  list: UrlList,
  options: DownloadOptions,
  seen?: SeenDigests,
): AsyncGenerator<ListedShard> {
  let number = 0
  for (const file of list.files) {
    const take = taker(file, options, seen)
    let urls: Array<ListedUrl> = []
    for await (const rows of readRows(file, wantedColumns(file, options)))
      for (const row of rows) {
        urls.push(take(row))
        if (urls.length < options.numberSamplePerShard) continue
        yield { number: number++, urls }
        urls = []
      }
    if (urls.length > 0) yield { number: number++, urls }
  }
}

const taker = (
  file: ListFile,
  options: DownloadOptions,
  seen: SeenDigests | undefined,
): ((row: ListRow) => ListedUrl) => {
  const url = urlColumn(file, options)
  const additional = additionalColumns(options)
  const { captionCol, verifyHashCol } = options
  return (row) => {
    const address = String(row[url] ?? "").trim()
    return {
      url: address,
      caption: captionCol === undefined ? null : textOf(row[captionCol]),
      additional: additional.map((name) => row[name] ?? null),
      expectedHash: verifyHashCol === undefined ? undefined : (textOf(row[verifyHashCol]) ?? ""),
      isDuplicate: seen !== undefined && !seen.add(sha1(address)),
    }
  }
}

const sha1 = (text: string): Buffer => createHash("sha1").update(text).digest()

const textOf = (cell: Cell | undefined): string | null =>
  cell === null || cell === undefined ? null : cellText(cell)

/** Bytes of a row's digest: enough to tell the rows of one data set apart. */
export const ROW_DIGEST = 10

/** The digests of a shard's rows, one after the other. */
export const rowDigests = (urls: ReadonlyArray<ListedUrl>): Buffer => {
  const digests = Buffer.alloc(urls.length * ROW_DIGEST)
  for (const [index, { url, caption, additional, expectedHash, isDuplicate }] of urls.entries()) {
    const row = [url, caption, additional.map(cellText), expectedHash, ...(isDuplicate ? ["duplicate"] : [])]
    sha1(JSON.stringify(row)).copy(digests, index * ROW_DIGEST, 0, ROW_DIGEST)
  }
  return digests
}
