import { writeFileSync } from "node:fs"
import { join } from "node:path"

/** One thing that both programs do. */
export interface Work {
  readonly name: string
  /** How many times faster ours is to be, or what part of the other's memory or time it may need. */
  readonly goal: string
  /** Options that both take. */
  readonly options: ReadonlyArray<string>
  /** Threads of each of img2dataset's processes, where more than usual are better for it. */
  readonly threads?: number
  /** Whether both then run once more, with nothing to do. */
  readonly isRepeated?: boolean
  /** Writes the list. */
  readonly list: (folder: string, address: string, images: number) => string
}

const good = (folder: string, address: string, images: number): string =>
  writeList(folder, "good.txt", images, (index) => `${address}/img/${index}`)

/** One in ten: gone, moved, no image, broken, busy, slow, without end. */
const TROUBLE = ["absent", "moved", "html", "broken", "busy", "slow", "moved", "absent", "hang", "html"]

const troubled = (folder: string, address: string, images: number): string =>
  writeList(folder, "troubled.txt", images, (index) => {
    const kind = index % 10 === 3 ? (TROUBLE[Math.floor(index / 10) % TROUBLE.length] ?? "img") : "img"
    return `${address}/${kind}/${index}`
  })

/** Addresses that both refuse at once, but for the first: what is measured is the list. */
const long = (folder: string, address: string): string =>
  writeList(folder, "long.txt", 1_000_000, (index) =>
    index === 0 ? `${address}/img/0` : `gopher://example.org/pictures/${index}.jpg`,
  )

const writeList = (folder: string, name: string, rows: number, row: (index: number) => string): string => {
  const file = join(folder, name)
  writeFileSync(file, Array.from({ length: rows }, (_, index) => `${row(index)}\n`).join(""))
  return file
}

const webdataset = "--output_format=webdataset"
const keepRatio = "--resize_mode=keep_ratio"

/** What is measured, in the order of the table. */
export const WORKS: ReadonlyArray<Work> = [
  { name: "keep_ratio", goal: "≥ 2.0 ×", options: [webdataset, keepRatio], isRepeated: true, list: good },
  { name: "center_crop", goal: "≥ 2.0 ×", options: [webdataset, "--resize_mode=center_crop"], list: good },
  { name: "border", goal: "≥ 2.0 ×", options: [webdataset, "--resize_mode=border"], list: good },
  { name: "files", goal: "≥ 2.0 ×", options: ["--output_format=files", keepRatio], list: good },
  { name: "parquet", goal: "≥ 2.0 ×", options: ["--output_format=parquet", keepRatio], list: good },
  {
    name: "no-reencoding",
    goal: "≥ 3.0 ×",
    options: [webdataset, "--disable_all_reencoding=True"],
    list: good,
  },
  {
    name: "troubled",
    goal: "≥ 3.0 ×",
    options: [webdataset, keepRatio, "--retries=1", "--timeout=5"],
    // Those that wait for silent addresses download nothing meanwhile.
    threads: 256,
    list: troubled,
  },
]

/** The list of a million lines, for the memory. */
export const LONG: Work = {
  name: "long-list",
  goal: "memory ≤ 0.5 ×",
  options: ["--output_format=dummy"],
  list: long,
}
