import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { NodeFileSystem } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Type } from "typebox"
import { latestRun, type RunEvent, readJournal, summarise } from "../observe/index.ts"
import { defineStage, HostPool } from "../stage/index.ts"
import { Disk, nodeDisk, Store } from "../store/index.ts"
import { engine, hostCommand, makeFolder, removeFolder } from "./fixtures/engine.ts"
import { diamond, output, pipeline, retryRules, task } from "./fixtures/pipelines.ts"
import { gather, grow, hostTrouble, trouble } from "./fixtures/stages.ts"
import { runPipeline } from "./run-pipeline.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

let count = 0
const newFolder = (): string => {
  const folder = join(base, `${++count}`)
  mkdirSync(folder)
  return folder
}

const retry = retryRules({ attempts: 5, delay: 10, longest: 60 }, 1)
const statuses = (summary: { tasks: ReadonlyArray<{ status: string }> }) =>
  summary.tasks.map((task) => task.status)
const traceOf = (folder: string): string => readFileSync(join(folder, "trace"), "utf8")

/** A stage that counts the cores in use, as far as a machine of `cores` has them. */
const makeLoad = (cores: number) => {
  let [inUse, most] = [0, 0]
  const change = (by: number) =>
    Effect.sync(() => {
      inUse += by
      most = Math.max(most, inUse)
    })
  const stage = defineStage({
    name: "test/load",
    version: 1,
    summary: "Uses cores for a while",
    input: Type.Object({ cpu: Type.Integer(), index: Type.Integer() }),
    outputs: { file: { kind: "file", description: "A file", file: "done.txt" } },
    isolation: "inline",
    run: ({ cpu }, context) => {
      const used = Math.min(cpu, cores)
      const work = Effect.andThen(
        Effect.sleep(20),
        Effect.sync(() => writeFileSync(context.outputs.file, "")),
      )
      return Effect.acquireUseRelease(
        change(used),
        () => work,
        () => change(-used),
      )
    },
  })
  return { stage, most: () => most }
}

/** What attempts have left in a store whose process still lives, which holds on to what it makes claims of. */
const workIn = (root: string): ReadonlyArray<string> =>
  readdirSync(join(root, "work")).filter((name) => !name.includes("-claim-"))

describe("a run", () => {
  it.live("computes once, then takes everything from the store, and places results", () => {
    const folder = newFolder()
    const options = { resultsFolder: join(folder, "results") }
    return Effect.gen(function* () {
      const store = yield* Store
      const first = yield* runPipeline(diamond(), options)
      assert.deepStrictEqual(statuses(first), Array(5).fill("succeeded"))
      assert.strictEqual(first.status, "succeeded")
      const total = readFileSync(join(folder, "results", "total.txt"), "utf8")
      assert.isAbove(total.length, 1000)
      assert.strictEqual(readdirSync(join(folder, "results", "seeds")).length, 4)

      const second = yield* runPipeline(diamond(), options)
      assert.deepStrictEqual(statuses(second), Array(5).fill("cached"))
      assert.deepStrictEqual(second.outputs, first.outputs)
      assert.deepStrictEqual(workIn(store.root), [])
      assert.isFalse(existsSync(join(store.root, "checkpoints")))

      assert.strictEqual(yield* latestRun(store.runs), second.run)
      assert.deepStrictEqual(summarise(yield* readJournal(store.runs, first.run)), first)
      const log = join(store.runs, first.run, "logs", "left.1.log")
      assert.strictEqual(readFileSync(log, "utf8"), "gathered 1\n")
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("goes on beside a failure, and says where, why and what to do", () => {
    const folder = newFolder()
    const tasks = [
      task("a", grow, { seed: 1, files: 4 }),
      task("bad", trouble, { how: "permanent", times: 9, trace: join(folder, "trace") }, { retry }),
      task("after", gather, { from: [output("bad", "file")], pause: 0 }),
      task("afterwards", gather, { from: [output("after", "sum")], pause: 0 }),
      task("good", gather, { from: [output("a", "folder")], pause: 0 }),
    ]
    return Effect.gen(function* () {
      const outputs = { good: output("good", "sum"), bad: output("afterwards", "sum") }
      const summary = yield* runPipeline(pipeline(tasks, outputs), { resultsFolder: join(folder, "results") })
      assert.strictEqual(summary.status, "failed")
      assert.deepStrictEqual(statuses(summary), ["succeeded", "failed", "blocked", "blocked", "succeeded"])
      assert.deepInclude(summary.tasks[1]?.failure, {
        reason: "permanent",
        message: "this cannot work",
        hint: "change it",
        location: "test.yaml:3:5",
      })
      assert.strictEqual(summary.tasks[1]?.attempts, 1)
      assert.deepStrictEqual(summary.tasks[3]?.blockedBy, ["after"])
      assert.deepStrictEqual(readdirSync(join(folder, "results")), ["good.txt"])
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("refuses outputs that are missing", () => {
    const folder = newFolder()
    const tasks = [task("bad", trouble, { how: "nothing", times: 9, trace: join(folder, "trace") })]
    return Effect.gen(function* () {
      const summary = yield* runPipeline(pipeline(tasks))
      assert.include(summary.tasks[0]?.failure?.message ?? "", "output `file` of test/trouble cannot be kept")
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("computes one key once, and uncached tasks every time", () => {
    const folder = newFolder()
    const input = { how: "fine", times: 0, trace: join(folder, "trace") }
    const tasks = ["one", "two", "three"].map((id) =>
      task(id, trouble, input, { cache: id === "two" ? "on" : "off" }),
    )
    return Effect.gen(function* () {
      const summary = yield* runPipeline(pipeline(tasks))
      assert.deepStrictEqual(statuses(summary).sort(), ["cached", "cached", "succeeded"])
      assert.strictEqual(traceOf(folder), "1 false\n")
      yield* runPipeline(pipeline(tasks))
      assert.strictEqual(traceOf(folder), "1 false\n1 false\n")
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("holds no more than the machine has", () => {
    const folder = newFolder()
    const events: Array<RunEvent> = []
    const load = makeLoad(3)
    const tasks = [1, 1, 2, 3, 9, 1].map((cpu, index) =>
      task(`t${index}`, load.stage, { cpu, index }, { resources: [{ cpu, memory: 1, gpu: 0, pools: {} }] }),
    )
    return Effect.gen(function* () {
      const machine = { cpu: 3, memory: 100, gpu: 0, pools: {} }
      const onEvent = (event: RunEvent) => void events.push(event)
      const summary = yield* runPipeline(pipeline(tasks), { machine, onEvent })
      assert.strictEqual(summary.status, "succeeded")
      assert.strictEqual(load.most(), 3)
      const warning = events.find((event) => event._tag === "TaskLog")
      assert.deepInclude(warning, { task: "t4", level: "warning" })
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("hides secrets", () => {
    const folder = newFolder()
    process.env.TEST_TOKEN = "hunter2-secret"
    const input = { how: "exit", times: 9, trace: join(folder, "trace") }
    return Effect.gen(function* () {
      const store = yield* Store
      const summary = yield* runPipeline(
        pipeline([task("bad", hostTrouble, input, { secrets: ["TEST_TOKEN"] })]),
      )
      assert.include(summary.tasks[0]?.failure?.message ?? "", "last words ***")
      const runFolder = join(store.runs, summary.run)
      const journal = readFileSync(join(runFolder, "journal.jsonl"), "utf8")
      const log = readFileSync(summary.tasks[0]?.failure?.log ?? "", "utf8")
      assert.strictEqual(log, "last words ***\n")
      assert.notInclude(journal, "hunter2")
      delete process.env.TEST_TOKEN
    }).pipe(Effect.provide(engine(folder)))
  })
})

describe("attempts", () => {
  it.effect("follow transient failures ever more patiently, and find the checkpoint", () => {
    const folder = newFolder()
    const waits: Array<number> = []
    const onEvent = (event: RunEvent): void => {
      if (event._tag === "AttemptFailed") waits.push(event.wait)
    }
    const input = { how: "transient", times: 4, trace: join(folder, "trace") }
    return Effect.gen(function* () {
      const store = yield* Store
      const work = runPipeline(pipeline([task("flaky", trouble, input, { retry })]), { onEvent })
      const fiber = yield* Effect.forkChild(work)
      // The clock moves only while the run waits for it, which real file operations delay.
      while (fiber.pollUnsafe() === undefined) {
        yield* TestClock.adjust(100)
        yield* Effect.promise(() => new Promise((resume) => setImmediate(resume)))
      }
      const summary = yield* Fiber.join(fiber)
      assert.strictEqual(summary.status, "succeeded")
      assert.strictEqual(summary.tasks[0]?.attempts, 5)
      assert.strictEqual(waits.length, 4)
      const expected = [10, 20, 40, 60]
      for (const [index, wait] of waits.entries()) {
        assert.isAtLeast(wait, (expected[index] ?? 0) * 0.8 - 1e-9)
        assert.isAtMost(wait, Math.min(60, (expected[index] ?? 0) * 1.2) + 1e-9)
      }
      assert.strictEqual(traceOf(folder), "1 false\n2 true\n3 true\n4 true\n5 true\n")
      assert.deepStrictEqual(readdirSync(join(store.root, "checkpoints")), [])
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("are as many as allowed, and crashes count only where they may", () => {
    const folder = newFolder()
    const policy = { attempts: 3, delay: 0.001, longest: 0.01 }
    const bad = (id: string, how: string, times: number, crashes: boolean) => {
      const input = { how, times, trace: join(folder, `trace-${id}`) }
      return task(id, hostTrouble, input, { retry: retryRules(policy, crashes ? 3 : 1) })
    }
    const tasks = [
      bad("never", "transient", 9, false),
      bad("crash", "kill", 1, true),
      bad("fatal", "kill", 2, false),
    ]
    return Effect.gen(function* () {
      const summary = yield* runPipeline(pipeline(tasks))
      assert.deepStrictEqual(statuses(summary), ["failed", "succeeded", "failed"])
      assert.deepStrictEqual(
        summary.tasks.map(({ attempts }) => attempts),
        [3, 2, 1],
      )
    }).pipe(Effect.provide(engine(folder)))
  })

  it.live("end at their timeout, in this process and in another", () => {
    const folder = newFolder()
    const input = (name: string) => ({ how: "hang", times: 1, trace: join(folder, name) })
    const policy = retryRules({ attempts: 2, delay: 0.001, longest: 0.01 })
    const tasks = [
      task("inline", trouble, input("1"), { timeout: 0.1, retry: policy }),
      task("host", hostTrouble, input("2"), { timeout: 1.5 }),
    ]
    return Effect.gen(function* () {
      const summary = yield* runPipeline(pipeline(tasks))
      assert.deepStrictEqual(statuses(summary), ["succeeded", "failed"])
      assert.strictEqual(summary.tasks[0]?.attempts, 2)
      assert.deepInclude(summary.tasks[1]?.failure, { reason: "timeout" })
      assert.include(summary.tasks[1]?.failure?.message ?? "", "longer than its timeout of 1.5 s")
    }).pipe(Effect.provide(engine(folder)))
  })
})

describe("an interrupted run", () => {
  it.live("cancels its tasks, leaves a sound store and says so", () => {
    const folder = newFolder()
    const input = (name: string) => ({ how: "hang", times: 1, trace: join(folder, name) })
    const tasks = [
      task("a", grow, { seed: 1, files: 4 }),
      task("inline", trouble, input("1")),
      task("host", hostTrouble, input("2")),
      task("after", gather, { from: [output("host", "file")], pause: 0 }),
    ]
    return Effect.gen(function* () {
      const store = yield* Store
      let grown = false
      const onEvent = (event: RunEvent): void => {
        grown ||= event._tag === "TaskSucceeded"
      }
      const fiber = yield* Effect.forkChild(runPipeline(pipeline(tasks), { onEvent }))
      const begun = () => grown && ["1", "2"].every((name) => existsSync(join(folder, name)))
      while (!begun()) yield* Effect.sleep(20)
      yield* Fiber.interrupt(fiber)
      const events = yield* readJournal(store.runs, (yield* latestRun(store.runs)) ?? "")
      const summary = summarise(events)
      assert.strictEqual(summary.status, "cancelled")
      assert.deepStrictEqual(statuses(summary), ["succeeded", "cancelled", "cancelled", "cancelled"])
      assert.strictEqual(events.at(-1)?._tag, "RunFinished")
      assert.deepStrictEqual(workIn(store.root), [])
    }).pipe(Effect.provide(engine(folder)))
  })
})

describe("a run on a full disk", () => {
  const fullDisk: Disk = {
    ...nodeDisk,
    rename: (from, to) => {
      if (to.includes("/trees/")) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" })
      nodeDisk.rename(from, to)
    },
  }

  it.live("fails with one clear message and leaves nothing behind", () => {
    const folder = newFolder()
    const layers = Layer.mergeAll(
      Store.layer(join(folder, "store")),
      HostPool.layer({ ...hostCommand, slots: 1 }),
    ).pipe(Layer.provideMerge(NodeFileSystem.layer), Layer.provide(Layer.succeed(Disk, fullDisk)))
    return Effect.gen(function* () {
      const summary = yield* runPipeline(diamond())
      assert.deepStrictEqual(statuses(summary), ["failed", "failed", "blocked", "blocked", "blocked"])
      assert.include(summary.tasks[0]?.failure?.message ?? "", "no space left on the disk")
      assert.include(summary.tasks[0]?.failure?.hint ?? "", "free some space")
      assert.deepStrictEqual(workIn(join(folder, "store")), [])
    }).pipe(Effect.provide(layers))
  })
})
