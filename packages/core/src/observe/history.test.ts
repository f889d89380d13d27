import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Type } from "typebox"
import type { Task } from "../pipeline/index.ts"
import { engine, makeFolder, removeFolder } from "../run/fixtures/engine.ts"
import { diamond, output, pipeline, retryRules, source, task } from "../run/fixtures/pipelines.ts"
import { gather, grow, hostTrouble, trouble } from "../run/fixtures/stages.ts"
import { runPipeline } from "../run/index.ts"
import { artefact, defineStage } from "../stage/index.ts"
import { type KeyRecord, Store } from "../store/index.ts"
import { chromeTrace } from "./chrome-trace.ts"
import { readJournal } from "./journal.ts"
import { otlpTrace } from "./otlp-trace.ts"
import { compareRuns, keysToCompare } from "./run-difference.ts"
import { recordRun } from "./run-record.ts"
import { timelineOf } from "./timeline.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))
let count = 0
const newFolder = (): string => {
  const folder = join(base, `${++count}`)
  mkdirSync(folder)
  return folder
}

/** Runs tasks, and reads back what is kept of that. */
const recorded = Effect.fnUntraced(function* (tasks: ReadonlyArray<Task>) {
  const { runs } = yield* Store
  const { run } = yield* runPipeline(pipeline(tasks))
  return recordRun(yield* readJournal(runs, run))
})

const compare = Effect.fnUntraced(function* (before: ReadonlyArray<Task>, after: ReadonlyArray<Task>) {
  const store = yield* Store
  const [former, current] = [yield* recorded(before), yield* recorded(after)]
  const records = new Map<string, KeyRecord>()
  for (const key of keysToCompare(former, current)) {
    const record = store.record(key)
    if (record !== undefined) records.set(key, record)
  }
  return compareRuns(former, current, (key) => records.get(key))
})

/** Gives other bytes each time. */
let throws = 0
const dice = defineStage({
  name: "test/dice",
  version: 1,
  summary: "Throws a dice",
  input: Type.Object({}),
  outputs: { sum: { kind: "file", description: "A file", file: "sum.txt" } },
  isolation: "inline",
  run: (_input, context) => Effect.sync(() => writeFileSync(context.outputs.sum, `${++throws}`)),
})
const copy = defineStage({
  name: "test/copy",
  version: 1,
  summary: "Copies a file",
  input: Type.Object({ from: artefact("file") }),
  outputs: { sum: { kind: "file", description: "A file", file: "sum.txt" } },
  isolation: "inline",
  run: ({ from }, context) =>
    Effect.sync(() => writeFileSync(context.outputs.sum, readFileSync(String(from)))),
})

describe("the history", () => {
  it.live("has each attempt's times, failure, resources, and the outputs' sizes", () => {
    const folder = newFolder()
    const retry = retryRules({ attempts: 3, delay: 0.01, longest: 0.01 })
    const trace = join(folder, "trace")
    return Effect.gen(function* () {
      const run = yield* recorded([
        task("a", grow, { seed: 1, files: 4 }),
        task("b", gather, { from: [output("a", "folder")], pause: 0 }),
        task("flaky", trouble, { how: "transient", times: 1, trace }, { retry }),
      ])
      const [a, b, flaky] = run.tasks
      assert.strictEqual(a?.attempts.length, 1)
      assert.deepInclude(a?.attempts[0], { attempt: 1, result: "succeeded" })
      assert.deepStrictEqual(a?.attempts[0]?.resources, { cpu: 1, memory: 16, gpu: 0, pools: {} })
      assert.isNumber(a?.attempts[0]?.commitSeconds)
      assert.isUndefined(a?.attempts[0]?.peakMemory)
      assert.strictEqual(a?.outputs.folder?.files, 4)
      assert.isAbove(a?.outputs.folder?.bytes ?? 0, 0)
      assert.deepInclude(a?.inputs?.seed, { kind: "value", shown: "1" })
      assert.deepInclude(b?.inputs?.["from[0]"], {
        kind: "output",
        shown: "a.folder",
        digest: a?.outputs.folder?.digest ?? "",
      })
      assert.deepStrictEqual(
        flaky?.attempts.map(({ result }) => result),
        ["failed", "succeeded"],
      )
      assert.strictEqual(flaky?.attempts[0]?.failure?.reason, "transient")
      assert.isAbove(run.machine?.cores ?? 0, 0)
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("has the peak memory of hosts", () => {
    const folder = newFolder()
    return Effect.gen(function* () {
      const run = yield* recorded([
        task("fine", hostTrouble, { how: "nothing", times: 0, trace: join(folder, "a") }),
      ])
      // A process of Node holds more than 20 MB.
      assert.isAbove(run.tasks[0]?.attempts[0]?.peakMemory ?? 0, 2e7)
    }).pipe(Effect.provide(engine(folder)))
  })
})

describe("a comparison", () => {
  it.live("follows other results to what changed first", () => {
    const folder = newFolder()
    return Effect.gen(function* () {
      const { tasks, same, changes } = yield* compare(diamond(1).tasks, diamond(7).tasks)
      assert.strictEqual(same, 1)
      assert.deepStrictEqual(changes, [])
      const cause = { kind: "input" as const, name: "seed", before: "1", after: "7", task: "a" }
      assert.deepStrictEqual(
        tasks.map(({ task: id, causes }) => [id, causes]),
        ["a", "left", "right", "total"].map((id) => [id, [cause]]),
      )
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("finds it for cached tasks as well", () => {
    const folder = newFolder()
    return Effect.gen(function* () {
      yield* runPipeline(diamond(1))
      yield* runPipeline(diamond(7))
      const { tasks } = yield* compare(diamond(1).tasks, diamond(7).tasks)
      assert.strictEqual(tasks.length, 4)
      assert.deepInclude(tasks[3]?.causes[0], { name: "seed", before: "1", after: "7", task: "a" })
      const nothing = yield* compare(diamond(1).tasks, diamond(1).tasks)
      assert.deepStrictEqual([nothing.tasks, nothing.same], [[], 5])
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("tells chance from change, and the user's files from inputs", () => {
    const folder = newFolder()
    const file = join(folder, "words.txt")
    writeFileSync(file, "one")
    const tasks = [
      task("dice", dice, {}, { cache: "off" }),
      task("after", copy, { from: output("dice", "sum") }),
      task("own", copy, { from: source(file) }),
    ]
    return Effect.gen(function* () {
      const former = yield* recorded(tasks)
      writeFileSync(file, "two!")
      const current = yield* recorded(tasks)
      const { tasks: found } = compareRuns(former, current, () => undefined)
      const chance = { kind: "chance" as const, name: "same key, different bytes", task: "dice" }
      assert.deepStrictEqual(
        found.slice(0, 2).map(({ causes }) => causes),
        [[chance], [chance]],
      )
      assert.deepInclude(found[2]?.causes[0], { kind: "source", task: "own" })
      assert.notStrictEqual(found[2]?.causes[0]?.before, found[2]?.causes[0]?.after)
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("names tasks of one run only, and results that are missing", () => {
    const folder = newFolder()
    const bad = task("b", trouble, { how: "permanent", times: 9, trace: join(folder, "trace") })
    const seed = (id: string) => task(id, grow, { seed: 1, files: 1 })
    return Effect.gen(function* () {
      const difference = yield* compare([seed("a"), seed("b")], [bad, seed("c")])
      assert.deepStrictEqual(
        [difference.onlyBefore, difference.onlyAfter, difference.unfinished],
        [["a"], ["c"], ["b"]],
      )
    }).pipe(Effect.provide(engine(folder)))
  })
})

describe("a trace", () => {
  const HEX = /^[0-9a-f]+$/

  it.live("in Chrome's format has whole slices that overlap on no row, and arrows between them", () => {
    const folder = newFolder()
    return Effect.gen(function* () {
      const run = yield* recorded(diamond(1, 30).tasks)
      const { traceEvents } = chromeTrace(run)
      const slices = traceEvents.filter(({ ph, cat }) => ph === "X" && cat === "attempt")
      assert.deepStrictEqual(slices.map(({ name }) => name).sort(), ["a", "b", "left", "right", "total"])
      for (const { ts, dur = -1, tid } of slices) {
        assert.isTrue(Number.isSafeInteger(ts) && Number.isSafeInteger(dur) && ts >= 0 && dur >= 0)
        const others = slices.filter((other) => other.tid === tid && other.ts > ts)
        for (const other of others) assert.isAtLeast(other.ts, ts + dur)
      }
      const starts = traceEvents.filter(({ ph }) => ph === "s")
      const ends = traceEvents.filter(({ ph }) => ph === "f")
      assert.strictEqual(starts.length, 5)
      assert.deepStrictEqual(
        starts.map(({ id }) => id),
        ends.map(({ id }) => id),
      )
      const named = new Set(traceEvents.filter(({ name }) => name === "thread_name").map(({ tid }) => tid))
      for (const { tid } of slices) assert.isTrue(named.has(tid))
      const tasks = traceEvents.filter(({ name }) => name === "running tasks")
      assert.deepStrictEqual(tasks.at(-1)?.args, { tasks: 0 })
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("in OTLP has a tree of spans with proper ids and times", () => {
    const folder = newFolder()
    return Effect.gen(function* () {
      const bad = task("bad", trouble, { how: "permanent", times: 9, trace: join(folder, "trace") })
      const run = yield* recorded([...diamond().tasks, bad])
      const spans = otlpTrace(run).resourceSpans[0]?.scopeSpans[0]?.spans ?? []
      const ids = new Set(spans.map(({ spanId }) => spanId))
      assert.strictEqual(ids.size, spans.length)
      // The run, six tasks with an attempt each, five commits.
      assert.strictEqual(spans.length, 1 + 6 * 2 + 5)
      for (const span of spans) {
        assert.match(span.traceId, HEX)
        assert.strictEqual(span.traceId.length, 32)
        assert.match(span.spanId, HEX)
        assert.strictEqual(span.spanId.length, 16)
        assert.isTrue(BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano))
        if (span !== spans[0]) assert.isTrue(ids.has(span.parentSpanId ?? ""))
        for (const link of span.links ?? []) assert.isTrue(ids.has(link.spanId))
      }
      assert.isUndefined(spans[0]?.parentSpanId)
      assert.deepStrictEqual(spans.find(({ name }) => name === "bad")?.status, {
        code: 2,
        message: "this cannot work",
      })
      assert.deepStrictEqual(otlpTrace(run), otlpTrace(run))
    }).pipe(Effect.provide(engine(folder)))
  })

  it("gives an attempt that never ended the time until the run's last sign", () => {
    const run = recordRun([
      {
        _tag: "RunStarted",
        time: 0,
        run: "r",
        pipeline: "p",
        file: "f",
        versions: {},
        tasks: [{ id: "a", stage: "s", version: 1 }],
      },
      { _tag: "TaskStarted", time: 100, task: "a", key: "k", attempt: 1, reason: "never ran" },
      { _tag: "TaskLog", time: 900, task: "a", attempt: 1, level: "warning", message: "still here" },
    ])
    assert.strictEqual(run.status, "unfinished")
    assert.deepInclude(timelineOf(run)[0], { row: 0, begun: 100, ended: 900 })
  })
})
