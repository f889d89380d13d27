import { readdir, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import { isTableName } from "./table-rows.ts"

/** The names that splits usually go by. */
export const SPLITS: ReadonlyArray<string> = [
  "train",
  "training",
  "val",
  "valid",
  "validation",
  "trainval",
  "test",
]

/**
 * The tables of a split: `<split>.csv`, `test-00000-of-00002.parquet` …, also in `data/`, or what is in a folder of its
 * name; or those of no split's name: the folder's only one, or those in `data/`.
 */
export const findTables = async (source: string, split: string): Promise<ReadonlyArray<string>> => {
  if ((await stat(source)).isFile()) return isTableName(source) ? [source] : []
  const [own, data] = [await tablesIn(source), await tablesIn(join(source, "data"))]
  const named = [ofSplit(own, split), ofSplit(data, split), await tablesIn(join(source, split))]
  return named.find((tables) => tables.length > 0) ?? ofNoSplit(own.length === 1 ? own : data)
}

/** The other splits that lie beside one, as folders or as tables, by the names that are usual. */
export const otherSplits = async (source: string, split: string): Promise<ReadonlyArray<string>> => {
  if (!(await stat(source)).isDirectory()) return []
  const folders = await readdir(source)
  const tables = [...(await tablesIn(source)), ...(await tablesIn(join(source, "data")))]
  const isThere = (name: string): boolean => folders.includes(name) || ofSplit(tables, name).length > 0
  return isThere(split) ? SPLITS.filter((name) => name !== split && isThere(name)) : []
}

const tablesIn = async (folder: string): Promise<ReadonlyArray<string>> => {
  const names: ReadonlyArray<string> = await readdir(folder).catch(() => [])
  return names
    .filter(isTableName)
    .sort()
    .map((name) => join(folder, name))
}

const ofSplit = (tables: ReadonlyArray<string>, split: string): ReadonlyArray<string> =>
  tables.filter((table) => {
    const name = basename(table)
    return name.startsWith(split) && /^\W/.test(name.slice(split.length))
  })

/** Another split's must not be scored in the place of one that isn't there. */
const ofNoSplit = (tables: ReadonlyArray<string>): ReadonlyArray<string> =>
  tables.filter((table) => SPLITS.every((split) => ofSplit([table], split).length === 0))
