import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { engine, makeFolder, removeFolder } from "./fixtures/engine.ts"
import { pipeline, task } from "./fixtures/pipelines.ts"
import { grow } from "./fixtures/stages.ts"
import { runPipeline } from "./run-pipeline.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

describe("a mistake in the program itself", () => {
  it.live("ends the run instead of leaving it waiting", () =>
    Effect.gen(function* () {
      const work = pipeline([
        task("a", grow, { seed: 1, files: 1 }),
        task("b", grow, { seed: 2, files: 1 }),
        task("c", grow, { seed: 3, files: 1 }),
      ])
      const onEvent = (event: { readonly _tag: string }): void => {
        if (event._tag === "TaskStarted") throw new Error("a mistake")
      }
      const exit = yield* Effect.exit(runPipeline(work, { onEvent }))
      assert.isTrue(Exit.isFailure(exit) && String(Cause.squash(exit.cause)).includes("a mistake"))
    }).pipe(Effect.provide(engine(join(base, "mistake")))),
  )
})
