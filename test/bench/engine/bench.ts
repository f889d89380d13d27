import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { compare } from "./compare.ts"
import { measureLarge } from "./large.ts"
import { buildProgram } from "./program.ts"
import { scale } from "./scale.ts"
import { ours, peers } from "./tools.ts"
import { workloads } from "./workloads.ts"

/** What is measured. */
export interface EngineBenchOptions {
  /** Programs of a Python environment with snakemake, dvc, redun, luigi. */
  readonly bin: string
  /** Also what takes minutes: every engine on every workload, and 100 000 tasks. */
  readonly all: boolean
  readonly only: string | undefined
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const cell = (seconds: number): string => `${seconds.toFixed(2)} s`.padStart(9)

const comparison = async (program: ReadonlyArray<string>, options: EngineBenchOptions): Promise<void> => {
  for (const workload of workloads) {
    print(`\n${workload.name.padEnd(20)}    first   unchanged  one input changed   first, theirs / ours`)
    let own: number | undefined
    for (const tool of [ours(program), ...peers(options.bin)]) {
      if (!tool.isInstalled) print(`${tool.name.padEnd(20)} not installed`)
      else if (workload.chains > tool.most && !options.all)
        print(`${tool.name.padEnd(20)} minutes: --all measures it`)
      else {
        const { first, nothingChanged, oneChanged } = await compare(tool, workload)
        own ??= first
        print(
          `${tool.name.padEnd(20)} ${cell(first)} ${cell(nothingChanged)} ${cell(oneChanged)} ${(first / own).toFixed(2).padStart(16)} ×`,
        )
      }
    }
  }
}

const growth = async (program: ReadonlyArray<string>, all: boolean): Promise<void> => {
  print("\ntasks          first      found cached   memory   a task, cached")
  for (const tasks of all ? [1000, 10_000, 100_000] : [1000, 10_000]) {
    const { first, cached } = await scale(program, tasks)
    const each = `${((cached.seconds / tasks) * 1e6).toFixed(0)} µs`
    print(
      `${String(tasks).padEnd(10)} ${cell(first.seconds)} ${cell(cached.seconds).padStart(16)} ${(cached.memory ?? 0).toFixed(0).padStart(6)} MB ${each.padStart(12)}`,
    )
  }
}

/** `npm run bench engine`: our engine beside those that people use today. */
export const benchEngine = async (options: EngineBenchOptions): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "bench-program-"))
  try {
    const program = await buildProgram(folder)
    if (options.only === undefined || options.only === "compare") await comparison(program, options)
    if (options.only === undefined || options.only === "scale") await growth(program, options.all)
    if (options.only === undefined || options.only === "large") await measureLarge(program)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
