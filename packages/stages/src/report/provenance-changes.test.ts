import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { encodeMetrics, pairMetrics } from "../evaluation/metrics/index.ts"
import { buildReport, findRecords, readOrigin, reportText, summaryJson, writeReport } from "./index.ts"

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "provenance-"))
})
afterAll(() => rm(folder, { recursive: true }))

const origin = (inputs: Readonly<Record<string, string>>, version = 1) => ({
  artefact: "a".repeat(64),
  task: "score",
  output: "metrics",
  key: "b".repeat(64),
  stage: "evaluate/mmvp",
  version,
  environment: { "tensor-backend": "native" },
  inputs,
})

it("of two reports that are compared, says what went into them differently", async () => {
  const metrics = pairMetrics({ benchmark: "scenes", view: "class" }, [
    { pair: "1/2", category: "Texts", draws: [{ first: [1, 0], second: [0, 1] }] },
  ])
  const file = join(folder, "metrics.json")
  await writeFile(file, encodeMetrics(metrics))
  const made = async (name: string, of: ReturnType<typeof origin>) => {
    const sources = { title: name, before: [], after: [file], details: {} }
    const report = buildReport(sources, { "after[0]": of })
    await Effect.runPromise(Effect.flatMap(report, (one) => writeReport(join(folder, name), one)))
    const [record = ""] = await findRecords(join(folder, name))
    return { record, known: await readOrigin(record) }
  }
  const one = await made("one", origin({ view: "class", seed: "1", model: "abc" }))
  const two = await made("two", origin({ view: "class", seed: "2", model: "abc" }, 2))
  expect(one.known).toEqual(origin({ view: "class", seed: "1", model: "abc" }))
  const { known: before } = one
  const { known: after } = two
  if (before === undefined || after === undefined) throw new Error("origins are lost")
  const report = await Effect.runPromise(
    buildReport(
      { title: "t", before: [one.record], after: [two.record], details: {} },
      { "before[0]": before, "after[0]": after },
    ),
  )
  expect(JSON.parse(summaryJson(report)).benchmarks[0].provenance_changes).toEqual([
    { field: "version of evaluate/mmvp", before: ["1"], after: ["2"] },
    { field: "seed", before: ["1"], after: ["2"] },
  ])
  expect(reportText(report).notes).toContain("Made differently: seed: 1 → 2 (scenes).")
  expect(await readOrigin(file)).toBeUndefined()
})
