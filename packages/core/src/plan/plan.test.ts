import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Type } from "typebox"
import type { Pipeline } from "../pipeline/index.ts"
import { engine, makeFolder, removeFolder } from "../run/fixtures/engine.ts"
import { output, pipeline, source, task } from "../run/fixtures/pipelines.ts"
import { grow } from "../run/fixtures/stages.ts"
import { runPipeline } from "../run/index.ts"
import { defineStage } from "../stage/index.ts"
import { artefact } from "../stage/input.ts"
import { Store } from "../store/index.ts"
import { makePlan, type PlanOptions } from "./plan.ts"
import { reasonText } from "./reason.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))
mkdirSync(join(folder, "mine"))
writeFileSync(join(folder, "mine", "list.txt"), "one")

const copy = (version: number) =>
  defineStage({
    name: "test/copy",
    version,
    summary: "Ignores most",
    input: Type.Object({
      from: artefact("folder"),
      mine: artefact("folder"),
      options: Type.Object({ rate: Type.Number(), text: Type.String() }),
    }),
    outputs: { file: { kind: "file", description: "A file", file: "a.txt" } },
    isolation: "inline",
    environment: ["tensor-backend"],
    run: (_, context) => Effect.sync(() => writeFileSync(context.outputs.file, "always the same")),
  })

interface Change {
  readonly seed?: number
  readonly rate?: number
  readonly text?: string
  readonly version?: number
  readonly cache?: boolean
}

const example = ({
  seed = 1,
  rate = 0.001,
  text = "short",
  version = 1,
  cache = true,
}: Change = {}): Pipeline =>
  pipeline([
    task("images", grow, { seed, files: 2 }),
    task(
      "train",
      copy(version),
      { from: output("images", "folder"), mine: source(join(folder, "mine")), options: { rate, text } },
      { cache: cache ? "on" : "off" },
    ),
    task("after", copy(version), {
      from: output("images", "folder"),
      mine: output("train", "file"),
      options: { rate: 1, text: "" },
    }),
  ])

const environment = (backend: string) => () => Effect.succeed(backend)
const options: PlanOptions = { environment: environment("native 1") }

const planned = Effect.fnUntraced(function* (change: Change = {}, planOptions: PlanOptions = options) {
  const plan = yield* makePlan(example(change), planOptions)
  return plan.tasks.map(({ state }) => {
    if (state._tag === "cached") return "cached"
    return state._tag === "run" ? reasonText(state.reasons) : `after ${state.after}`
  })
})

describe("the plan", () => {
  it.live("says what would run, and why", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* planned(), ["never ran", "after images", "after images,train"])
      yield* runPipeline(example(), options)
      assert.deepStrictEqual(yield* planned(), ["cached", "cached", "cached"])

      assert.deepStrictEqual(
        (yield* planned({ rate: 0.002 }))[1],
        "input `options.rate` changed: 0.001 → 0.002",
      )
      assert.deepStrictEqual((yield* planned({ text: "x".repeat(200) }))[1], "input `options.text` changed")
      assert.deepStrictEqual((yield* planned({ version: 2 })).slice(1), [
        "stage version 1 → 2",
        "after train",
      ])
      assert.deepStrictEqual((yield* planned({ cache: false }))[1], "cache: false")
      assert.deepStrictEqual((yield* planned({ seed: 2 }))[0], "input `seed` changed: 1 → 2")
      const wasm = { environment: environment("wasm 2") }
      assert.deepStrictEqual((yield* planned({}, wasm))[1], "tensor-backend changed: native 1 → wasm 2")
      const forced = { ...options, force: new Set(["images"]) }
      assert.deepStrictEqual((yield* planned({}, forced))[0], "forced")
      const two = yield* planned({ rate: 5, text: "long" })
      assert.strictEqual(
        two[1],
        'input `options.rate` changed: 0.001 → 5; input `options.text` changed: "short" → "long"',
      )
    }).pipe(Effect.provide(engine(join(folder, "reasons")))),
  )

  it.live("knows what runs once for several tasks, and what need not be forced again", () =>
    Effect.gen(function* () {
      const twins = pipeline([
        task("one", grow, { seed: 1, files: 2 }),
        task("two", grow, { seed: 1, files: 2 }),
        task("three", grow, { seed: 2, files: 2 }),
      ])
      const states = Effect.fnUntraced(function* (planOptions: PlanOptions = {}) {
        const { tasks } = yield* makePlan(twins, planOptions)
        return tasks.map(({ state }) => (state._tag === "unknown" ? `after ${state.after}` : state._tag))
      })
      assert.deepStrictEqual(yield* states(), ["run", "after one", "run"])
      const summary = yield* runPipeline(twins)
      assert.deepStrictEqual(
        summary.tasks.map(({ status }) => status),
        ["succeeded", "cached", "succeeded"],
      )
      const from = new Set(["one", "two", "three"])
      assert.deepStrictEqual(yield* states({ from }), ["run", "after one", "run"])
      assert.deepStrictEqual(yield* states({ from, done: new Set(["one", "three"]) }), [
        "cached",
        "run",
        "cached",
      ])
    }).pipe(Effect.provide(engine(join(folder, "twins")))),
  )

  it.live("says when a record is gone", () =>
    Effect.gen(function* () {
      yield* runPipeline(example(), options)
      rmSync(join((yield* Store).root, "keys"), { recursive: true })
      assert.strictEqual((yield* planned())[0], "its last result is no longer in the store")
    }).pipe(Effect.provide(engine(join(folder, "gone")))),
  )

  it.live("notices changed sources, other content from upstream, and damage", () =>
    Effect.gen(function* () {
      yield* runPipeline(example(), options)
      writeFileSync(join(folder, "mine", "list.txt"), "two")
      const source = yield* planned()
      assert.match(source[1] ?? "", /^source .*mine changed$/)
      assert.strictEqual(source[2], "after train")
      // The same bytes as before: nothing below runs again.
      const again = yield* runPipeline(example(), options)
      assert.deepStrictEqual(
        again.tasks.map(({ status }) => status),
        ["cached", "succeeded", "cached"],
      )
      const changed = yield* runPipeline(example({ seed: 9 }), options)
      assert.strictEqual(changed.tasks[1]?.reason, "input `from` has other content: images.folder changed")

      const store = yield* Store
      const { path } = yield* store.artefact(again.tasks[1]?.outputs.file ?? "")
      chmodSync(path, 0o644)
      writeFileSync(path, "")
      const damaged = yield* planned({ seed: 9 })
      assert.strictEqual(
        damaged[1],
        "its artefact `file` was removed or damaged: its file a.txt has 0 bytes, not 15",
      )
      rmSync(join(path, "..", ".."), { recursive: true })
      const mended = yield* runPipeline(example({ seed: 9 }), options)
      assert.strictEqual(mended.status, "succeeded")
      yield* store.verify(again.tasks[1]?.outputs.file ?? "")
    }).pipe(Effect.provide(engine(join(folder, "changes")))),
  )

  it.live("tells of a source that is missing, and where it is named", () =>
    Effect.gen(function* () {
      const broken = pipeline([task("one", copy(1), { mine: source(join(folder, "missing")) })])
      const error = yield* Effect.flip(makePlan(broken))
      assert.include(error.message, "no such file or folder")
      assert.strictEqual(error._tag === "SourceUnreadable" ? error.source.location.line : 0, 3)
      const summary = yield* runPipeline(broken)
      assert.strictEqual(summary.tasks[0]?.failure?.file, "test.yaml:3:5")
    }).pipe(Effect.provide(engine(join(folder, "missing-source")))),
  )
})
