import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Ended, makeFolder, removeFolder, run } from "./command.ts"
import { afterTraining, reportOf, tinyStages, writeTiny } from "./tiny.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

let first: Ended
let report: Readonly<Record<string, string>>
beforeAll(async () => {
  writeTiny(folder)
  first = await run(folder, ["run", "tiny.yaml"])
  report = reportOf(folder)
}, 240_000)

/** What `plan` says of each task. */
const planned = async (...args: ReadonlyArray<string>): Promise<Readonly<Record<string, string>>> => {
  const { stdout } = await run(folder, ["plan", "tiny.yaml", ...args])
  return Object.fromEntries(stdout.split("\n").map((line) => [line.slice(2).split(" ")[0], line[0]]))
}

describe("the method, whole and small", () => {
  test("runs to its report", () => {
    expect(first.stderr).not.toMatch(/✗|error/)
    expect(first.code).toBe(0)
    const files = Object.keys(report)
    for (const file of [
      "index.html",
      "summary.json",
      "summary.md",
      "results.jsonl",
      "results.csv",
      "results.tex",
    ])
      expect(files).toContain(file)
    // Those of the scores, and where they are from.
    expect(files.filter((file) => file.startsWith("records/"))).toHaveLength(5)
    expect(files.filter((file) => file.endsWith(".svg"))).toContain("figures/changes.svg")
    expect(report["summary.md"]).toMatch(/\| pairs \| pairs right \| n = 18, 1 seed \| 25\.0\s% \|/)
    expect(report["index.html"]).toMatch(/^<!doctype html>/i)
    expect(report["index.html"]).not.toMatch(/(src|href)="https?:/)
  })

  test("comes from the cache the second time, and gives the same report", async () => {
    const again = await run(folder, ["run", "tiny.yaml"])
    expect(again.code).toBe(0)
    expect(again.stderr.match(/cached$/gm)).toHaveLength(tinyStages)
    expect(reportOf(folder)).toEqual(report)
  })

  test("plans and runs only what a changed parameter touches", async () => {
    const plan = await planned("--param", "rate=0.002")
    const touched = Object.keys(plan).filter((task) => "▸?".includes(plan[task] ?? "-"))
    expect(touched.sort()).toEqual(afterTraining)
    const changed = await run(folder, ["run", "tiny.yaml", "--param", "rate=0.002"])
    expect(changed.code).toBe(0)
    expect([...changed.stderr.matchAll(/^✓ (\S+) +\d/gm)].map(([, task]) => task).sort()).toEqual(
      afterTraining,
    )
    expect(changed.stderr.match(/cached$/gm)).toHaveLength(tinyStages - afterTraining.length)
  })

  test("tells its end as JSON", async () => {
    const { stdout, code } = await run(folder, ["run", "tiny.yaml", "--json"])
    expect(code).toBe(0)
    const summary: unknown = JSON.parse(stdout)
    expect(summary).toMatchObject({ status: "succeeded" })
  })
})
