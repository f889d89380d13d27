// examples/stages/pick.test.ts
import { readdirSync } from "node:fs"
import { testStage } from "@diva-pipeline/core/testing"
import { assert, it } from "@effect/vitest"
import { datasetScenes } from "diva-pipeline"
import { Effect } from "effect"
import pick from "./pick.ts"

it.live("takes every third image", () =>
  Effect.gen(function* () {
    const scenes = yield* testStage(datasetScenes, {
      count: 7,
      "pairs-per-category": 1,
      "retrieval-count": 1,
    })
    const { outputs, progress } = yield* testStage(pick, { images: scenes.outputs.images, every: 3 })
    assert.deepStrictEqual(readdirSync(outputs.images), ["000000.png", "000003.png", "000006.png"])
    assert.deepInclude(progress.at(-1), { done: 3, total: 3, unit: "images" })
  }),
)

it.live("tells that there are none", () =>
  Effect.gen(function* () {
    const failure = yield* Effect.flip(testStage(pick, { images: import.meta.dirname }))
    assert.deepInclude(failure, { _tag: "StageFailure", message: "there are no PNG files" })
  }),
)
