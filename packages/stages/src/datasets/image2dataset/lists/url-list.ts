import { readdir, stat } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { Predicate } from "effect"
import { LIST_FORMATS, type ListFormat } from "../../../image2dataset-names.ts"
import { readJsonArray, readJsonLines } from "./json-list.ts"
import { formatOf } from "./list-format.ts"
import type { ListRow } from "./list-row.ts"
import { readParquetList } from "./parquet-list.ts"
import { downloadList, isRemote } from "./remote-list.ts"
import { readSeparated } from "./separated-list.ts"
import { readLines } from "./text-source.ts"

/** One file of a list, or a folder of images. */
export interface ListFile {
  readonly file: string
  readonly format: ListFormat | "folder"
  /** The names of its columns, when it does not begin with them. */
  readonly names?: ReadonlyArray<string>
}

/** A list of URLs on disk: one file, or several. */
export interface UrlList {
  /** As it was given. */
  readonly name: string
  readonly files: ReadonlyArray<ListFile>
  /** The folder that relative addresses start from. */
  readonly folder: string
}

/** The file of a folder of images that lists them. */
const LIST_OF_FOLDER = "urls.csv"
const IMAGE = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i

/**
 * Finds a list: a file, an http(s) address of one, a folder of lists, a folder of images with `urls.csv` in it, or a
 * folder of images.
 *
 * @param format what the files are, when their names do not tell
 * @param scratch where a list that comes from the network is kept
 * @throws StageFailure when it is none of these
 */
export const openUrlList = async (
  path: string,
  format: ListFormat | undefined,
  scratch: string,
): Promise<UrlList> => {
  if (isRemote(path)) {
    const file = await downloadList(path, scratch)
    return { name: path, files: [{ file, format: knownFormat(path, file, format) }], folder: scratch }
  }
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw permanent(`the URL list ${path} does not exist`, { file: path })
  if (found.isDirectory()) return { name: path, files: await filesOf(path, format), folder: path }
  return {
    name: path,
    files: [{ file: path, format: knownFormat(path, path, format) }],
    folder: dirname(path),
  }
}

const knownFormat = (path: string, file: string, format: ListFormat | undefined): ListFormat => {
  const known = format ?? formatOf(basename(file))
  if (known !== undefined) return known
  throw permanent(`the format of the URL list ${path} is not known`, {
    file: path,
    hint: `name it .${LIST_FORMATS.join(", .")}, or say it with input-format`,
  })
}

const filesOf = async (folder: string, format: ListFormat | undefined): Promise<ReadonlyArray<ListFile>> => {
  const names = (await readdir(folder)).sort()
  if (format !== undefined) {
    const files = names.filter((name) => name.endsWith(`.${format}`))
    if (files.length > 0) return files.map((name) => ({ file: join(folder, name), format }))
    throw permanent(`the folder ${folder} has no lists *.${format}`, { file: folder })
  }
  if (names.includes(LIST_OF_FOLDER)) return [{ file: join(folder, LIST_OF_FOLDER), format: "csv" }]
  const lists = names.filter((name) => !IMAGE.test(name) && formatOf(name) !== undefined)
  const formats = new Set(lists.map(formatOf))
  const only = formats.size === 1 ? formatOf(lists[0] ?? "") : undefined
  // Notes beside images are no lists: only a folder without images is one of lists.
  if (only === undefined || names.some((name) => IMAGE.test(name)))
    return [{ file: folder, format: "folder" }]
  return lists.map((name) => ({ file: join(folder, name), format: only }))
}

/**
 * The rows of one file, in its order, many at a time, read as they are asked for.
 *
 * @param columns the columns that are wanted; there may be others
 * @throws StageFailure (permanent) that names the file, and the line where it is known
 */
export async function* readRows(
  { file, format, names }: ListFile,
  columns: ReadonlyArray<string>,
): AsyncGenerator<ReadonlyArray<ListRow>> {
  try {
    yield* readAs(file, format, columns, names)
  } catch (cause) {
    if (Predicate.isTagged(cause, "StageFailure")) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw permanent(`the URL list ${file} cannot be read as ${format}: ${why}`, { file })
  }
}

const readAs = (
  file: string,
  format: ListFormat | "folder",
  columns: ReadonlyArray<string>,
  names: ReadonlyArray<string> | undefined,
) => {
  if (format === "folder") return readFolder(file)
  if (format === "parquet") return readParquetList(file, columns)
  const isCompressed = format.endsWith(".gz")
  if (format.startsWith("txt")) return readAddresses(file, isCompressed)
  if (format.startsWith("jsonl")) return readJsonLines(file, isCompressed)
  if (format.startsWith("json")) return readJsonArray(file, isCompressed)
  return readSeparated(file, isCompressed, format.startsWith("tsv") ? "\t" : ",", names)
}

async function* readAddresses(file: string, isCompressed: boolean): AsyncGenerator<ReadonlyArray<ListRow>> {
  for await (const lines of readLines(file, isCompressed)) {
    const rows: Array<ListRow> = []
    for (const line of lines) {
      const url = line.trim()
      if (url !== "") rows.push({ url })
    }
    yield rows
  }
}

async function* readFolder(folder: string): AsyncGenerator<ReadonlyArray<ListRow>> {
  const entries = await readdir(folder, { recursive: true })
  const names = entries.map((name) => name.replaceAll("\\", "/")).filter((name) => IMAGE.test(name))
  yield names.sort().map((url) => ({ url }))
}
