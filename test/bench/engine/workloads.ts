import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** So many copies of so many files, in chains: each copy but the first of a chain is made from the one before. */
export interface Workload {
  readonly name: string
  readonly chains: number
  /** Copies in a chain. */
  readonly length: number
}

/** What the engines are compared on. */
export const workloads: ReadonlyArray<Workload> = [
  { name: "1 000 independent", chains: 1000, length: 1 },
  { name: "10 wide × 10 deep", chains: 10, length: 10 },
]

/** The files that the chains begin with, `in/0.txt` and so on. */
export const writeInputs = (folder: string, { chains }: Workload): void => {
  mkdirSync(join(folder, "in"), { recursive: true })
  for (let chain = 0; chain < chains; chain++) writeFileSync(join(folder, "in", `${chain}.txt`), `${chain}\n`)
}

/** Changes the input in the middle. */
export const changeOneInput = (folder: string, { chains }: Workload, round: number): void =>
  writeFileSync(join(folder, "in", `${Math.floor(chains / 2)}.txt`), `changed ${round}\n`)
