import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Type } from "typebox"
import { artefact, defineStage } from "../stage/index.ts"
import { engine, makeFolder, removeFolder } from "./fixtures/engine.ts"
import { output, pipeline, task } from "./fixtures/pipelines.ts"
import { grow } from "./fixtures/stages.ts"
import { runPipeline } from "./run-pipeline.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const tell = defineStage({
  name: "test/tell",
  version: 1,
  summary: "Where its inputs come from",
  input: Type.Object({ from: Type.Array(artefact("folder")), main: artefact("folder") }),
  outputs: { told: { kind: "file", description: "What it knows", file: "told.json" } },
  isolation: "inline",
  run: (_, context) =>
    Effect.sync(() => writeFileSync(context.outputs.told, JSON.stringify(context.origins))),
})

describe("the origins of a stage's inputs", () => {
  it.live("tell which task made each, of what, also where two have the same content", () => {
    const tasks = [
      task("a[seed=1]", grow, { seed: 1, files: 4 }),
      task("b", grow, { seed: 1, files: 4 }, { environment: { MODE: "fast" } }),
      task("tell", tell, {
        from: [output("a[seed=1]", "folder"), output("b", "folder")],
        main: output("b", "folder"),
      }),
    ]
    return Effect.gen(function* () {
      const results = join(folder, "results")
      const run = yield* runPipeline(pipeline(tasks, { told: output("tell", "told") }), {
        resultsFolder: results,
      })
      const told = JSON.parse(readFileSync(join(results, "told.json"), "utf8"))
      assert.deepStrictEqual(Object.keys(told).sort(), ["from[0]", "from[1]", "main"])
      const [a, b] = [told["from[0]"], told["from[1]"]]
      assert.deepInclude(a, { task: "a[seed=1]", output: "folder", stage: "test/grow", version: 1 })
      assert.deepStrictEqual(a.inputs, { seed: "1", files: "4" })
      assert.strictEqual(a.artefact, run.tasks[0]?.outputs["folder"])
      assert.strictEqual(b.artefact, a.artefact)
      assert.notStrictEqual(b.key, a.key)
      assert.deepStrictEqual(b.environment, { "env.MODE": "fast" })
      assert.deepStrictEqual(told.main, b)
    }).pipe(Effect.provide(engine(folder)))
  })
})
