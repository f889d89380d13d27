import { readdir, readFile, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import { decodeMetrics } from "../evaluation/metrics/index.ts"

/** Where a report keeps the metrics files that it was made of, so that it can be compared later, wherever it is then. */
export const RECORDS = "records"

/** The name of the record of one metrics file. */
export const recordName = (side: "before" | "after", index: number): string =>
  `${side}-${String(index + 1).padStart(4, "0")}.json`

const RECORD = /^(before|after)-\d+\.json$/

/** Deeper folders are no results. */
const DEEPEST = 4

/**
 * The metrics files at a path: the file itself, those that a report was made of (its later side, where it compares), or
 * all that lie in a folder.
 */
export const findRecords = async (path: string, depth = 0): Promise<ReadonlyArray<string>> => {
  const found = await stat(path)
  if (!found.isDirectory()) return (await isMetrics(path)) ? [path] : []
  const names = (await readdir(path)).sort()
  if (names.includes(RECORDS)) return recordsOf(join(path, RECORDS))
  if (depth === DEEPEST) return []
  const inside = await Promise.all(names.map((name) => findRecords(join(path, name), depth + 1)))
  return inside.flat()
}

const recordsOf = async (folder: string): Promise<ReadonlyArray<string>> => {
  const names = (await readdir(folder)).filter((name) => RECORD.test(name)).sort()
  const after = names.filter((name) => name.startsWith("after-"))
  return (after.length > 0 ? after : names).map((name) => join(folder, name))
}

const isMetrics = async (file: string): Promise<boolean> => {
  if (!basename(file).endsWith(".json")) return false
  try {
    decodeMetrics(await readFile(file, "utf8"))
    return true
  } catch {
    return false
  }
}
