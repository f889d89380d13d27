import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Measured, measure } from "../measure.ts"

/** What it takes to do so many tasks, and to find them all done. */
export interface Scaled {
  readonly tasks: number
  readonly first: Measured
  readonly cached: Measured
}

/** Tasks of one stage; the pipeline has as many stages as that gives. */
const MEMBERS = 1000

const writePipeline = (folder: string, tasks: number): void => {
  const stages = Array.from(
    { length: tasks / MEMBERS },
    (_, series) =>
      `  series${series}:\n    uses: bench/number\n    matrix: { value: "\${{ params.values }}" }\n    with: { series: ${series}, value: "\${{ matrix.value }}" }\n`,
  )
  const values = Array.from({ length: MEMBERS }, (_, index) => index)
  writeFileSync(join(folder, "values.json"), JSON.stringify({ values }))
  writeFileSync(
    join(folder, "scale.yaml"),
    `version: 1\nname: scale\nparams: { values: { type: array, items: { type: integer } } }\nstages:\n${stages.join("")}`,
  )
}

/** Measures our own command on pipelines of growing size. */
export const scale = async (program: ReadonlyArray<string>, tasks: number): Promise<Scaled> => {
  const folder = mkdtempSync(join(tmpdir(), "bench-scale-"))
  try {
    writePipeline(folder, tasks)
    const command = [...program, "run", "scale.yaml", "--params", "values.json"]
    const run = () => measure(command, { cwd: folder, timeout: 1800 })
    const first = await run()
    // The second look at a store is the first that finds everything in memory.
    await run()
    return { tasks, first, cached: await run() }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
