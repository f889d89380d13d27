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

  const cached = (task: string): RunEvent => ({ _tag: "TaskCached", time, task, key: "k", outputs: {} })
  const finished: RunEvent = { _tag: "RunFinished", time, status: "succeeded", seconds: 1, outputs: {} }

  it("names fifty cached tasks, and counts more", () => {
    const few = view(undefined)
    for (let task = 0; task < 50; task++) few.show(cached(`t${task}`))
    few.show(finished)
    expect(few.text().match(/^✓ t\d+ {2}cached$/gm)).toHaveLength(50)
    const many = view(undefined)
    for (let task = 0; task < 51; task++) many.show(cached(`t${task}`))
    many.show(finished)
    expect(many.text()).toBe("✓ 51 tasks cached\n")
  })

  it("counts cached tasks again only now and then", () => {
    const { show, text } = view(undefined)
    const log: RunEvent = { _tag: "TaskLog", time, task: "train", attempt: 1, level: "warning", message: "!" }
    for (let task = 0; task < 200; task++) {
      show(cached(`t${task}`), task * 100)
      if (task > 98) show(log, task * 100)
    }
    show(finished, 20_000)
    const counts = text().match(/^✓ \d+ tasks? cached$/gm)
    expect(counts).toEqual(["✓ 100 tasks cached", "✓ 100 tasks cached"])
  })

  it("keeps the number of cached tasks below the lines, on a terminal", () => {
    const { show, text } = view(60)
    show(started)
    for (let task = 0; task < 60; task++) show(cached(`t${task}`))
    show({ _tag: "TaskStarted", time, task: "train", key: "k", attempt: 1, reason: "never ran" })
    expect(text()).toBe("small  2 tasks\n✓ 60 tasks cached\n▸ train  0.0 s\n")
    show({ _tag: "TaskSucceeded", time, task: "train", key: "k", attempts: 1, seconds: 1, outputs: {} })
    show(finished)
    expect(text().split("\u001b[2A\u001b[J").at(-1)).toBe(
      "✓ train  1.0 s\n✓ 60 tasks cached\n\u001b[1A\u001b[J✓ 60 tasks cached\n",
    )
  })

  it("lets nothing of a task's name, reason or progress steer the terminal", () => {
    for (const columns of [undefined, 80]) {
      const { show, text } = view(columns)
      show({ _tag: "TaskStarted", time, task: "a\u001b[2J", key: "k", attempt: 1, reason: "\u009b1A" })
      const detail = "name\u001b]0;evil\u0007\nnext"
      for (const at of [0, 20_000]) {
        show(
          {
            _tag: "TaskProgress",
            time,
            task: "a\u001b[2J",
            attempt: 1,
            done: 1,
            unit: "\u001bcfiles",
            detail,
          },
          at,
        )
      }
      const shown = text().replaceAll("\u001b[1A\u001b[J", "")
      for (const control of ["\u001b", "\u0007", "\u009b"]) expect(shown).not.toContain(control)
      expect(shown).toContain("name�]0;evil� next")
    }
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
