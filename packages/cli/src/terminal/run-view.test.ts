import type { RunEvent } from "@diva-pipeline/core"
import { describe, expect, it } from "vitest"
import { RunView } from "./run-view.ts"

const keep = (text: string): string => text
const style = { good: keep, bad: keep, warning: keep, quiet: keep, strong: keep, accent: keep }
const time = 0

const started: RunEvent = {
  _tag: "RunStarted",
  time,
  run: "r",
  pipeline: "small",
  file: "small.yaml",
  versions: {},
  tasks: [
    { id: "fetch", stage: "weights/fetch", version: 1 },
    { id: "train", stage: "train/diva", version: 1 },
  ],
}
const failure = {
  reason: "permanent" as const,
  message: "the loss is not a number at step 3",
  hint: "lower the learning rate",
  location: "small.yaml:7:3",
}

const view = (columns: number | undefined) => {
  let text = ""
  let clock = 0
  const shown = new RunView({
    write: (more) => (text += more),
    columns: () => columns,
    now: () => clock,
    style,
  })
  return {
    show: (event: RunEvent, at = 0) => {
      clock = at
      shown.show(event)
    },
    text: () => text,
  }
}

describe("RunView", () => {
  it("prints plain lines without a terminal, and progress only now and then", () => {
    const { show, text } = view(undefined)
    show(started)
    show({ _tag: "TaskCached", time, task: "fetch", key: "k", outputs: {} })
    show({ _tag: "TaskStarted", time, task: "train", key: "k", attempt: 1, reason: "never ran" })
    for (let second = 1; second <= 21; second++) {
      show(
        { _tag: "TaskProgress", time, task: "train", attempt: 1, done: second, total: 40, unit: "steps" },
        second * 1000,
      )
    }
    show({ _tag: "TaskSucceeded", time, task: "train", key: "k", attempts: 1, seconds: 21.4, outputs: {} })
    expect(text().split("\n")).toEqual([
      "small  2 tasks",
      "✓ fetch  cached",
      "▸ train  started: never ran",
      "… train  ━━━━━───────────── 10/40 steps  1.00/s  30 s left",
      "… train  ━━━━━━━━━───────── 20/40 steps  1.00/s  20 s left",
      "✓ train  21 s",
      "",
    ])
  })

  it("says of a failure what, where, and what to do", () => {
    const { show, text } = view(undefined)
    show(started)
    show({ _tag: "TaskFailed", time, task: "train", attempts: 1, seconds: 2, failure })
    expect(text()).toContain(
      "✗ train  failed: the loss is not a number at step 3\n    at small.yaml:7:3\n    hint: lower the learning rate\n",
    )
  })

  it("redraws running tasks on a terminal, within its width", () => {
    const { show, text } = view(40)
    show(started)
    show({ _tag: "TaskStarted", time, task: "train", key: "k", attempt: 1, reason: "never ran" })
    show({
      _tag: "TaskProgress",
      time,
      task: "train",
      attempt: 1,
      done: 1,
      total: 4,
      unit: "steps",
      detail: "loss 0.123456",
    })
    const last = text().split("\u001b[1A\u001b[J").at(-1) ?? ""
    expect(last.trimEnd().length).toBeLessThan(40)
    expect(last).toMatch(/^▸ train {2}━+─+ 1\/4 .*…\n$/)
  })
})
