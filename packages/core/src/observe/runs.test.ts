import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeFolder, removeFolder } from "../run/fixtures/engine.ts"
import type { RunBrief } from "./brief.ts"
import type { RunEvent } from "./event.ts"
import { openJournal, readJournal } from "./journal.ts"
import { latestRun, listRuns, matchingRuns, planRemoval, readRun, removeRuns } from "./runs.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))
let count = 0
const newRuns = (): string => {
  const folder = join(base, `${++count}`)
  mkdirSync(folder)
  return folder
}

const ids = ["a", "b", "c"]
const started = (run: string): RunEvent => ({
  _tag: "RunStarted",
  time: 1000,
  run,
  pipeline: "demo",
  file: "demo.yaml",
  versions: {},
  tasks: ids.map((id) => ({ id, stage: "test/grow", version: 1 })),
})
const cached = (task: string, time: number): RunEvent => ({
  _tag: "TaskCached",
  time,
  task,
  key: task,
  outputs: {},
})
const finished: RunEvent = { _tag: "RunFinished", time: 5000, status: "succeeded", seconds: 4, outputs: {} }

const brief = (run: string, startedAt: number, status: RunBrief["status"] = "succeeded"): RunBrief => ({
  run,
  pipeline: "demo",
  status,
  started: startedAt,
  seconds: 1,
  tasks: 0,
  counts: { succeeded: 0, cached: 0, failed: 0, blocked: 0, cancelled: 0 },
})

describe("a run in brief", () => {
  it.live("is told while it goes on, and after its end without its journal", () => {
    const runs = newRuns()
    return Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const journal = yield* openJournal(runs, "one")
          journal.addAll([started("one"), cached("a", 2000)])
          assert.deepInclude(yield* readRun(runs, "one"), { status: "running", pipeline: "demo", tasks: 3 })
          journal.addAll([cached("b", 2000), cached("c", 2000)])
          journal.add(finished)
        }),
      )
      assert.strictEqual((yield* readJournal(runs, "one")).length, 5)
      writeFileSync(join(runs, "one", "journal.jsonl"), "")
      const told = yield* readRun(runs, "one")
      assert.deepInclude(told, { status: "succeeded", seconds: 4, tasks: 3 })
      assert.strictEqual(told.counts.cached, 3)
      assert.isUndefined(told.process)
    })
  })

  it.live("comes from the journal when its process died or its summary is lost", () => {
    const runs = newRuns()
    return Effect.gen(function* () {
      mkdirSync(join(runs, "dead"))
      const lines = [started("dead"), cached("a", 3500)].map((event) => JSON.stringify(event))
      writeFileSync(join(runs, "dead", "journal.jsonl"), `${lines.join("\n")}\n{"_tag":"Task`)
      const died = yield* readRun(runs, "dead")
      assert.deepInclude(died, { status: "unfinished", seconds: 2.5, tasks: 3 })
      assert.strictEqual(died.counts.cached, 1)

      // A process with the number of this one that began at another time is another process.
      const other = { machine: "elsewhere", pid: process.pid, started: "1" }
      const left = { ...brief("dead", 1000, "running"), process: other }
      writeFileSync(join(runs, "dead", "summary.json"), JSON.stringify(left))
      assert.strictEqual((yield* readRun(runs, "dead")).status, "running")
      const longAgo = new Date(Date.now() - 3_600_000)
      yield* Effect.promise(() =>
        import("node:fs/promises").then((fs) =>
          fs.utimes(join(runs, "dead", "summary.json"), longAgo, longAgo),
        ),
      )
      assert.strictEqual((yield* readRun(runs, "dead")).status, "unfinished")
      rmSync(join(runs, "dead", "journal.jsonl"))
      assert.deepInclude(yield* readRun(runs, "dead"), { run: "dead", status: "unfinished" })
    })
  })
})

describe("runs", () => {
  const names = ["2026-01-01T10-00-00-aaaaaa", "2026-01-01T11-00-00-bbbbbb", "2026-01-02T10-00-00-abcabc"]

  it("are found by the beginning of their name or of its last part", () => {
    assert.deepStrictEqual(matchingRuns(names, "2026-01-02"), names.slice(2))
    assert.deepStrictEqual(matchingRuns(names, "bb"), names.slice(1, 2))
    assert.deepStrictEqual(matchingRuns(names, "2026-01-01"), names.slice(0, 2))
    assert.deepStrictEqual(matchingRuns(names, "a"), [
      "2026-01-01T10-00-00-aaaaaa",
      "2026-01-02T10-00-00-abcabc",
    ])
    assert.deepStrictEqual(matchingRuns([...names, "bb"], "bb"), ["bb"])
    assert.deepStrictEqual(matchingRuns(names, "x"), [])
  })

  it("go when they are named, or both old and not among the newest, but never while they go on", () => {
    const now = 100_000_000
    const briefs = [
      brief("a", now - 5000),
      brief("b", now - 4000, "running"),
      brief("c", now - 3000),
      brief("d", now),
    ]
    const plan = (rule: Partial<Parameters<typeof planRemoval>[1]>) => {
      const { runs, running } = planRemoval(
        briefs,
        { names: [], olderThan: undefined, keep: undefined, ...rule },
        now,
      )
      return [runs.map(({ run }) => run).join(""), running.map(({ run }) => run).join("")]
    }
    assert.deepStrictEqual(plan({}), ["", ""])
    assert.deepStrictEqual(plan({ names: ["d", "b"] }), ["d", "b"])
    assert.deepStrictEqual(plan({ olderThan: 2 }), ["ca", "b"])
    assert.deepStrictEqual(plan({ keep: 3 }), ["a", ""])
    assert.deepStrictEqual(plan({ keep: 2, olderThan: 4.5 }), ["a", ""])
    assert.deepStrictEqual(plan({ keep: 4, olderThan: 1 }), ["", ""])
  })

  it.live("leave the next one the latest when they are removed", () => {
    const runs = newRuns()
    return Effect.gen(function* () {
      for (const name of names) {
        yield* Effect.scoped(openJournal(runs, name))
      }
      yield* removeRuns(runs, names.slice(0, 1))
      assert.strictEqual(yield* latestRun(runs), names[2])
      yield* removeRuns(runs, names.slice(2))
      assert.strictEqual(yield* latestRun(runs), names[1])
      assert.deepStrictEqual(yield* listRuns(runs), names.slice(1, 2))
      yield* removeRuns(runs, names)
      assert.isFalse(existsSync(join(runs, "latest")))
    })
  })
})
