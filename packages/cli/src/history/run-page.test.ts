import { recordRun } from "@diva-pipeline/core"
import { expect, test } from "vitest"
import { runPage } from "./run-page.ts"

const NASTY = `<b>&"'</b>`
const failure = { reason: "permanent" as const, message: NASTY, hint: NASTY, location: NASTY }
const run = recordRun([
  {
    _tag: "RunStarted",
    time: 0,
    run: "r",
    pipeline: NASTY,
    file: NASTY,
    versions: { node: NASTY },
    tasks: [
      { id: NASTY, stage: NASTY, version: 1 },
      { id: "cached", stage: "s", version: 1 },
      { id: "blocked", stage: "s", version: 1 },
    ],
  },
  { _tag: "TaskStarted", time: 1000, task: NASTY, key: "k", attempt: 1, reason: NASTY },
  {
    _tag: "AttemptEnded",
    time: 3000,
    task: NASTY,
    attempt: 1,
    result: "failed",
    stageSeconds: 2,
    peakMemory: 5e7,
  },
  { _tag: "TaskFailed", time: 3000, task: NASTY, attempts: 1, seconds: 2, failure },
  { _tag: "TaskCached", time: 3000, task: "cached", key: "k", outputs: {} },
  { _tag: "TaskBlocked", time: 3000, task: "blocked", by: [NASTY] },
  { _tag: "RunFinished", time: 4000, status: "failed", seconds: 4, outputs: {} },
])
const counts = { succeeded: 0, cached: 1, failed: 1, blocked: 1, cancelled: 0 }
const brief = {
  run: "r",
  pipeline: NASTY,
  status: "failed" as const,
  started: 0,
  seconds: 4,
  tasks: 3,
  counts,
}

test("the page of a run shows attempts in time, failures with their logs, and takes no text for markup", () => {
  const page = runPage(run, brief, () => [NASTY])
  expect(page).toContain("left: 25.000%; width: 50.000%")
  expect(page).toContain("<pre>&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;</pre>")
  expect(page).toContain("<summary>1 cached</summary>")
  expect(page).toContain("peak 50.0 MB")
  expect(page).not.toContain("<b>")
})
