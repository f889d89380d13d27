import { existsSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { InvalidPipeline } from "../pipeline/index.ts"
import { grow, trouble } from "../run/fixtures/stages.ts"
import { testStage } from "./index.ts"

describe("an attempt at a stage", () => {
  it.live("has outputs, progress and defaults, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.scoped(
        Effect.gen(function* () {
          const { outputs, progress } = yield* testStage(grow, { files: 2 })
          assert.match(readFileSync(`${outputs.folder}/1.txt`, "utf8"), /^1 1\n/)
          assert.deepInclude(progress.at(-1), { done: 2, total: 2, unit: "files" })
          return outputs.folder
        }),
      )
      assert.isFalse(existsSync(folder))
    }),
  )

  it.live("fails as the stage does, or for a wrong input", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(testStage(trouble, { how: "permanent", trace: "/dev/null" }))
      assert.deepInclude(failure, { _tag: "StageFailure", message: "this cannot work" })
      const wrong = yield* Effect.flip(testStage(grow, { seed: "one" }))
      assert.instanceOf(wrong, InvalidPipeline)
      assert.match(
        wrong.message,
        /test\/grow:1:1: error: input `seed` of `test\/grow` must be a whole number/,
      )
    }),
  )
})
