import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { createGunzip } from "node:zlib"
import { permanent } from "@diva-pipeline/core"
import { parse } from "csv-parse"
import { Predicate } from "effect"
import type { Cell } from "./columns.ts"

/** A row of a list, by column. */
export type ListRow = Readonly<Record<string, Cell>>

export type ListFormat = "csv" | "tsv" | "txt" | "json" | "jsonl" | "parquet" | "folder"

/** A list of URLs on disk. */
export interface UrlList {
  /** The file, or the folder of images. */
  readonly file: string
  readonly format: ListFormat
  readonly isCompressed: boolean
  /** The folder that relative addresses start from. */
  readonly folder: string
}

/** The file of a folder of images that lists them. */
const LIST_OF_FOLDER = "urls.csv"
const FORMATS: ReadonlyArray<ListFormat> = ["csv", "tsv", "txt", "json", "jsonl", "parquet"]
const IMAGE = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i
/** A JSON list is held in memory whole; beyond this, JSON lines are the better format. */
const LARGEST_JSON = 1024 ** 3

/**
 * Recognises a list by its name: `.csv`, `.tsv`, `.txt`, `.json`, `.jsonl` (each also with `.gz`), `.parquet`, a folder
 * with `urls.csv` in it, or a folder of images.
 *
 * @throws StageFailure (permanent) when it is none of these
 */
export const openUrlList = async (path: string): Promise<UrlList> => {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw permanent(`the URL list ${path} does not exist`, { file: path })
  if (found.isDirectory()) {
    const file = join(path, LIST_OF_FOLDER)
    const isListed = await stat(file).then(
      (list) => list.isFile(),
      () => false,
    )
    return isListed
      ? { file, format: "csv", isCompressed: false, folder: path }
      : { file: path, format: "folder", isCompressed: false, folder: path }
  }
  const match = /\.([a-z]+)(\.gz)?$/i.exec(basename(path))
  const format = FORMATS.find((known) => known === match?.[1]?.toLowerCase())
  const isCompressed = match?.[2] !== undefined
  if (format === undefined || (isCompressed && format === "parquet"))
    throw permanent(`the format of the URL list ${path} is not known`, {
      file: path,
      hint: `name it .${FORMATS.join(", .")}, or one of these but parquet with .gz`,
    })
  return { file: path, format, isCompressed, folder: dirname(path) }
}

/**
 * The rows of a list, in its order, read as they are asked for.
 *
 * @throws StageFailure (permanent) that names the file, and the line where it is known
 */
export const readRows = (list: UrlList): AsyncGenerator<ListRow> => {
  if (list.format === "folder") return readFolder(list)
  if (list.format === "parquet") return guarded(list, readParquet(list))
  if (list.format === "json") return guarded(list, readJson(list))
  if (list.format === "jsonl") return guarded(list, readJsonLines(list))
  if (list.format === "txt") return guarded(list, readText(list))
  return guarded(list, readSeparated(list, list.format === "tsv" ? "\t" : ","))
}

/** The digest of everything that the rows come from. */
export const digestOfList = async (list: UrlList): Promise<string> => {
  const hash = createHash("sha256")
  if (list.format === "folder") for await (const row of readFolder(list)) hash.update(`${row.url}\n`)
  else for await (const piece of createReadStream(list.file)) hash.update(piece)
  return hash.digest("hex")
}

async function* guarded(list: UrlList, rows: AsyncGenerator<ListRow>): AsyncGenerator<ListRow> {
  try {
    yield* rows
  } catch (cause) {
    if (Predicate.isTagged(cause, "StageFailure")) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw permanent(`the URL list ${list.file} cannot be read as ${list.format}: ${why}`, { file: list.file })
  }
}

const openText = (list: UrlList): Readable => {
  const source = createReadStream(list.file)
  if (!list.isCompressed) return source
  const text = createGunzip()
  source.on("error", (cause) => text.destroy(cause))
  return source.pipe(text)
}

async function* readSeparated(list: UrlList, delimiter: string): AsyncGenerator<ListRow> {
  const parser = parse({
    columns: true,
    delimiter,
    bom: true,
    skip_empty_lines: true,
    max_record_size: 1024 * 1024,
  })
  const source = openText(list)
  source.on("error", (cause) => parser.destroy(cause))
  source.pipe(parser)
  try {
    for await (const row of parser) yield row
  } finally {
    source.destroy()
  }
}

async function* readLines(list: UrlList): AsyncGenerator<string> {
  const source = openText(list)
  const lines = createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })
  // readline doesn't hand on its input's errors.
  const failed = new Promise<never>((_, reject) => source.on("error", reject))
  failed.catch(() => {})
  const iterator = lines[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), failed])
      if (next.done === true) return
      yield next.value
    }
  } finally {
    lines.close()
    source.destroy()
  }
}

async function* readText(list: UrlList): AsyncGenerator<ListRow> {
  for await (const line of readLines(list)) if (line.trim() !== "") yield { url: line.trim() }
}

async function* readJsonLines(list: UrlList): AsyncGenerator<ListRow> {
  let number = 0
  for await (const line of readLines(list)) {
    number += 1
    if (line.trim() === "") continue
    yield rowOf(list, parseJson(list, line, number), `line ${number}`)
  }
}

async function* readJson(list: UrlList): AsyncGenerator<ListRow> {
  if ((await stat(list.file)).size > LARGEST_JSON) throw new Error("it is larger than 1 GB; write JSON lines")
  const pieces: Array<Uint8Array> = []
  for await (const piece of openText(list)) pieces.push(piece)
  const rows: unknown = JSON.parse(Buffer.concat(pieces).toString("utf8"))
  if (!Array.isArray(rows)) throw new Error("it is no array of objects")
  for (const [index, row] of rows.entries()) yield rowOf(list, row, `entry ${index + 1}`)
}

const parseJson = (list: UrlList, line: string, number: number): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    throw permanent(`line ${number} of the URL list ${list.file} is not JSON`, { file: list.file })
  }
}

const rowOf = (list: UrlList, row: unknown, where: string): ListRow => {
  if (!Predicate.isObject(row))
    throw permanent(`${where} of the URL list ${list.file} is no object`, {
      file: list.file,
      hint: 'write each as {"url": "https://…", "caption": "…"}',
    })
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cellOf(value)]))
}

/** What is neither text nor number (lists, dates, objects) is kept as JSON. */
const cellOf = (value: unknown): Cell => {
  if (value === null || value === undefined) return null
  if (
    typeof value === "string" ||
    typeof value === "number" ||
    typeof value === "bigint" ||
    typeof value === "boolean"
  )
    return value
  return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner)) ?? null
}

async function* readParquet(list: UrlList): AsyncGenerator<ListRow> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import("hyparquet")
  const file = await asyncBufferFromFile(list.file)
  const metadata = await parquetMetadataAsync(file)
  let start = 0
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows)
    const rows = await parquetReadObjects({ file, metadata, rowStart: start, rowEnd: end })
    for (const [index, row] of rows.entries()) yield rowOf(list, row, `row ${start + index + 1}`)
    start = end
  }
}

async function* readFolder(list: UrlList): AsyncGenerator<ListRow> {
  const entries = await readdir(list.folder, { recursive: true })
  const names = entries.map((name) => name.replaceAll("\\", "/")).filter((name) => IMAGE.test(name))
  for (const name of names.sort()) yield { url: name }
}
