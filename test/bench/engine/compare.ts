import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { measure, median } from "../measure.ts"
import type { Tool } from "./tools.ts"
import { changeOneInput, type Workload, writeInputs } from "./workloads.ts"

/** Seconds of one engine on one workload. */
export interface Compared {
  readonly first: number
  readonly nothingChanged: number
  readonly oneChanged: number
}

/** Times of runs in which something changes, and of those in which nothing does, in one fresh folder. */
const ROUNDS = 3
/** Milliseconds after which a file that was just written counts as settled for every engine. */
const SETTLE = 2500

/** Measures an engine on a workload, in a folder of its own. */
export const compare = async (tool: Tool, workload: Workload): Promise<Compared> => {
  const folder = mkdtempSync(join(tmpdir(), "bench-engine-"))
  try {
    writeInputs(folder, workload)
    tool.prepare(folder, workload)
    await settle()
    const run = async () => (await measure(tool.command, { cwd: folder, timeout: 600 })).seconds
    const first = await run()
    const nothing: Array<number> = []
    const one: Array<number> = []
    for (let round = 0; round < ROUNDS; round++) {
      nothing.push(await run())
      changeOneInput(folder, workload, round)
      await settle()
      one.push(await run())
    }
    return { first, nothingChanged: median(nothing), oneChanged: median(one) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SETTLE))
