import { readdir, readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { type BenchmarkEntry, type BenchmarkTask, TEMPLATES_FILE } from "./entry.ts"

/** A folder that holds a benchmark, or part of one. */
export interface AtHand {
  readonly folder: string
  /** What of it is missing; nothing when it is whole. */
  readonly missing: ReadonlyArray<string>
}

/** The names that a benchmark's folder may have: the catalogue's own, its repository's, and CLIP_benchmark's. */
const folderNames = ({ name, clipBenchmark, source }: BenchmarkEntry): ReadonlyArray<string> => [
  name,
  source.repository.split("/").at(-1) ?? "",
  ...(clipBenchmark === null ? [] : [clipBenchmark]),
]

/** Looks for a benchmark in folders of benchmarks; the first whole one counts, else the first part of one. */
export const findAtHand = async (
  entry: BenchmarkEntry,
  roots: ReadonlyArray<string>,
): Promise<AtHand | undefined> => {
  let part: AtHand | undefined
  for (const folder of roots.flatMap((root) => folderNames(entry).map((name) => join(root, name)))) {
    if (!(await isFolder(folder))) continue
    const missing = await findMissing(folder, entry.split, entry.task)
    if (missing.length === 0) return { folder, missing }
    part ??= { folder, missing }
  }
  return part
}

/**
 * What a folder lacks of a benchmark: the texts of its classes, shards that `nshards.txt` counts, MMVP's images. Other
 * layouts don't say how much there should be.
 */
export const findMissing = async (
  folder: string,
  split: string,
  task: BenchmarkTask | undefined,
): Promise<ReadonlyArray<string>> => {
  const names: ReadonlyArray<string> = await readdir(folder)
  if (task === "pairs" || names.includes("Questions.csv"))
    return [
      ...(names.includes("Questions.csv") ? [] : ["Questions.csv"]),
      ...(names.some((name) => /^MLLM_VLM[ _]Images$/.test(name)) ? [] : ["MLLM_VLM_Images"]),
    ]
  const expected = [...textsOf(task, names, split), ...(await shardsOf(folder, split))]
  const present = await Promise.all(expected.map((path) => isFile(join(folder, path))))
  return expected.filter((_, index) => present[index] !== true)
}

const textsOf = (
  task: BenchmarkTask | undefined,
  names: ReadonlyArray<string>,
  split: string,
): ReadonlyArray<string> =>
  names.includes(split) && (task === "classification" || task === "multilabel")
    ? ["classnames.txt", TEMPLATES_FILE]
    : []

const shardsOf = async (folder: string, split: string): Promise<ReadonlyArray<string>> => {
  const count = await readFile(join(folder, split, "nshards.txt"), "utf8").catch(() => undefined)
  if (count !== undefined)
    return Array.from({ length: Number(count.trim()) || 0 }, (_, shard) => `${split}/${shard}.tar`)
  const names: ReadonlyArray<string> = await readdir(join(folder, split)).catch(() => [])
  return names.some((name) => name.endsWith(".tar")) ? [`${split}/nshards.txt`] : []
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile() && found.size > 0,
    () => false,
  )
