import { open, stat } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { listShards } from "../../formats/index.ts"
import { readUtf8 } from "./utf8.ts"

/** The shards of a split. */
export interface CountedShards {
  readonly files: ReadonlyArray<string>
  /** What is odd in them, in sentences. */
  readonly flags: ReadonlyArray<string>
}

/**
 * The shards that `nshards.txt` counts, `0.tar` and on, as CLIP_benchmark takes them; without it all that there are.
 *
 * @throws StageFailure when there are not as many as it says
 */
export const countedShards = async (folder: string): Promise<CountedShards> => {
  const there = await listShards(folder)
  const count = await countIn(join(folder, "nshards.txt"))
  const files =
    count === undefined ? there : Array.from({ length: count }, (_, shard) => join(folder, `${shard}.tar`))
  const names = (list: ReadonlyArray<string>) => fewNames(list.map((path) => path.slice(folder.length + 1)))
  const missing = await without(files, isThere)
  if (missing.length > 0)
    throw permanent(
      `the benchmark is not whole: nshards.txt says ${files.length} shards, but ${names(missing)} ${missing.length === 1 ? "is" : "are"} missing`,
      { file: folder, hint: "fetch it again: scores of a part can't be compared with those of the whole" },
    )
  const uncounted = there.filter((file) => !files.includes(file))
  const endless = await without(files, hasEnd)
  return {
    files,
    flags: [
      ...(count === undefined ? ["there is no nshards.txt to say how many shards there should be"] : []),
      ...(uncounted.length === 0
        ? []
        : [`shards that nshards.txt does not count, and that are left out: ${names(uncounted)}`]),
      ...(endless.length === 0 ? [] : [`shards without an end, perhaps cut short: ${names(endless)}`]),
    ],
  }
}

const countIn = async (file: string): Promise<number | undefined> => {
  const text = await readUtf8(file)
  if (text === undefined) return undefined
  if (!/^\s*[1-9]\d{0,6}\s*$/.test(text))
    throw permanent(`"${text.slice(0, 40)}" is no number of shards`, { file })
  return Number(text)
}

const fewNames = (names: ReadonlyArray<string>): string =>
  `${names.slice(0, 5).join(", ")}${names.length > 5 ? " …" : ""}`

const without = async (
  files: ReadonlyArray<string>,
  holds: (file: string) => Promise<boolean>,
): Promise<ReadonlyArray<string>> => {
  const each = await Promise.all(files.map(holds))
  return files.filter((_, index) => each[index] !== true)
}

/** An empty file is no archive. */
const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isFile() && found.size > 0,
    () => false,
  )

/** What an archive ends with: two blocks of zeros. */
const END = 1024

/** Whether an archive has its end, which one that was cut between two files lacks. */
const hasEnd = async (file: string): Promise<boolean> => {
  const { size } = await stat(file)
  if (size < END) return false
  await using handle = await open(file)
  const { buffer } = await handle.read(Buffer.alloc(END), 0, END, size - END)
  return buffer.every((byte) => byte === 0)
}
