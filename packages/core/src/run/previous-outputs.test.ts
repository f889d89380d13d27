import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Store } from "../store/index.ts"
import { engine, makeFolder, removeFolder } from "./fixtures/engine.ts"
import { output, pipeline, task } from "./fixtures/pipelines.ts"
import { lengthen } from "./fixtures/stages.ts"
import type { RunOptions } from "./run-context.ts"
import { runPipeline } from "./run-pipeline.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

it.live("a stage that wants it gets what its task gave with other input, while that is there", () => {
  const results = join(folder, "results")
  const run = (line: string, options: RunOptions = {}) =>
    Effect.gen(function* () {
      const lines = pipeline([task("lines", lengthen, { line })], { lines: output("lines", "file") })
      const summary = yield* runPipeline(lines, { resultsFolder: results, ...options })
      assert.strictEqual(summary.status, "succeeded")
      return readFileSync(join(results, "lines.txt"), "utf8")
    })
  return Effect.gen(function* () {
    const store = yield* Store
    assert.strictEqual(yield* run("a"), "a\n")
    assert.strictEqual(yield* run("b"), "a\nb\n")
    // Told to run again with the same input, it has to do all of it.
    assert.strictEqual(yield* run("b", { force: new Set(["lines"]) }), "b\n")
    assert.strictEqual(yield* run("c"), "b\nc\n")
    rmSync(join(store.root, "trees"), { recursive: true })
    assert.strictEqual(yield* run("d"), "d\n")
  }).pipe(Effect.provide(engine(folder)))
})
