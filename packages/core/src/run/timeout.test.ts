import { afterAll, assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Type } from "typebox"
import { definePipeline } from "../define/index.ts"
import type { RunEvent } from "../observe/index.ts"
import { defineStage } from "../stage/index.ts"
import { engine, makeFolder, removeFolder } from "./fixtures/engine.ts"
import { runPipeline } from "./index.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

/** Lets nothing else happen in its process meanwhile. */
const block = defineStage({
  name: "test/block",
  version: 1,
  summary: "Holds up its process",
  input: Type.Object({ milliseconds: Type.Integer({ default: 400, description: "How long" }) }),
  outputs: { nothing: { kind: "nothing", description: "Nothing" } },
  isolation: "inline",
  run: ({ milliseconds }) =>
    Effect.sync(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
    }),
})

it.live("a stage that holds up the engine beyond its timeout is told to go to a host", () =>
  Effect.gen(function* () {
    const said: Array<string> = []
    const pipeline = yield* definePipeline({ name: "block" }, (p) => {
      p.stage("long", block, {}, { timeout: "100ms", retry: 1 })
      p.stage("short", block, { milliseconds: 1 }, { timeout: "1h" })
      return {}
    })
    const onEvent = (event: RunEvent): void => {
      if (event._tag === "TaskLog") said.push(`${event.task}: ${event.message}`)
    }
    yield* runPipeline(pipeline, { onEvent })
    assert.lengthOf(said, 1)
    assert.match(
      said[0] ?? "",
      /^long: test\/block took 1 s, longer than its timeout of 0\.1 s: .* run it in a host/,
    )
  }).pipe(Effect.provide(engine(folder))),
)
