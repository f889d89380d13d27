import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { definePipeline } from "../define/index.ts"
import { latestRun, type RunEvent, readRun } from "../observe/index.ts"
import { engine, makeFolder, removeFolder } from "./fixtures/engine.ts"
import { gather, grow, trouble } from "./fixtures/stages.ts"
import { makeOutputs, RunFailed, runEvents, runPipeline } from "./index.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const sums = definePipeline({ name: "sums" }, (p) => {
  const seeds = p.matrix("seeds", { seed: [1, 2] }, grow, ({ seed }) => ({ seed }))
  return {
    seed: seeds.at({ seed: 1 }).outputs.folder,
    sum: p.stage("sum", gather, { from: seeds.outputs.folder }).outputs.sum,
  }
})

const wrong = definePipeline({ name: "wrong" }, (p) => {
  const input = { how: "permanent", trace: "/dev/null" }
  const other = { how: "hang", trace: join(folder, "trace") }
  p.stage("hangs", trouble, other)
  return { file: p.stage("fails", trouble, input).outputs.file }
})

/** How the latest run ended, as its journal tells. */
const lastStatus = Effect.gen(function* () {
  const runs = join(folder, "store", "runs")
  const { status } = yield* readRun(runs, (yield* latestRun(runs)) ?? "")
  return status
})

describe("the outputs of a pipeline", () => {
  it.live("are known to the types, and are in the results folder or else in the store", () =>
    Effect.gen(function* () {
      const pipeline = yield* sums
      const outputs = yield* makeOutputs(pipeline, { resultsFolder: join(folder, "results") })
      expectTypeOf(outputs).toEqualTypeOf<Readonly<Record<"seed" | "sum", string>>>()
      assert.strictEqual(outputs.sum, join(folder, "results", "sum.txt"))
      const stored = yield* makeOutputs(pipeline)
      assert.strictEqual(readFileSync(stored.sum, "utf8"), readFileSync(outputs.sum, "utf8"))
      assert.match(readFileSync(join(stored.seed, "0.txt"), "utf8"), /^1 0\n/)
      const summary = yield* runPipeline(pipeline)
      expectTypeOf(summary.outputs).toEqualTypeOf<{ readonly seed?: string; readonly sum?: string }>()
      // @ts-expect-error there is no such output
      assert.isUndefined(summary.outputs.total)
    }).pipe(Effect.provide(engine(folder))),
  )

  it.live("of a failed run are a failure that says what has failed", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(makeOutputs(yield* wrong, { failFast: true }))
      assert.instanceOf(failure, RunFailed)
      assert.strictEqual(failure.message, "wrong failed\n  fails: this cannot work")
    }).pipe(Effect.provide(engine(folder))),
  )

  it.live("that were not asked for are missed", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(
        makeOutputs(yield* sums, { until: new Set(["seeds"]), resultsFolder: join(folder, "some") }),
      )
      assert.strictEqual(failure.message, "sums did not make its output `sum`")
    }).pipe(Effect.provide(engine(folder))),
  )
})

describe("the events of a run", () => {
  it.live("come as a stream, from its start to its end", () =>
    Effect.gen(function* () {
      const events = yield* Stream.runCollect(runEvents(yield* sums, { force: new Set(["sum"]) }))
      const tags = events.map(({ _tag }) => _tag)
      assert.strictEqual(tags[0], "RunStarted")
      assert.strictEqual(tags.at(-1), "RunFinished")
      assert.include(tags, "TaskSucceeded")
    }).pipe(Effect.provide(engine(folder))),
  )

  it.live("end the run when nobody listens any more", () =>
    Effect.gen(function* () {
      const isHanging = (event: RunEvent) => event._tag === "TaskStarted" && event.task === "hangs"
      yield* Stream.runDrain(Stream.takeUntil(runEvents(yield* wrong), isHanging))
      assert.strictEqual(yield* lastStatus, "cancelled")
    }).pipe(Effect.provide(engine(folder))),
  )

  it.live("fail as the run does", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(
        Stream.runDrain(runEvents(yield* sums, { force: new Set(["nobody"]) })),
      )
      assert.strictEqual(failure._tag, "UnknownStage")
    }).pipe(Effect.provide(engine(folder))),
  )
})

describe("interrupting a run", () => {
  it.live("cancels it, and it is over when the interruption is", () =>
    Effect.gen(function* () {
      const trace = join(folder, "trace")
      rmSync(trace)
      const fiber = yield* Effect.forkChild(runPipeline(yield* wrong))
      while (!existsSync(trace)) yield* Effect.sleep(10)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* lastStatus, "cancelled")
    }).pipe(Effect.provide(engine(folder))),
  )
})
