import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Store } from "../store/index.ts"
import { engine, makeFolder, removeFolder } from "./fixtures/engine.ts"
import { pipeline, task } from "./fixtures/pipelines.ts"
import { grow } from "./fixtures/stages.ts"
import { runPipeline } from "./run-pipeline.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

it.live("what was asked for is kept, but not with a secret in it", () =>
  Effect.gen(function* () {
    const store = yield* Store
    process.env.REQUEST_TOKEN = "hunter2-secret"
    const work = pipeline([task("a", grow, { seed: 1, files: 1 }, { secrets: ["REQUEST_TOKEN"] })])
    const kept = (run: string) => join(store.runs, run, "request.json")
    const plain = { params: [{ name: "word", value: "fine" }] }
    const { run } = yield* runPipeline(work, { request: plain })
    assert.deepStrictEqual(JSON.parse(readFileSync(kept(run), "utf8")), plain)
    const secret = { params: [{ name: "word", value: "it is hunter2-secret" }] }
    const other = yield* runPipeline(work, { request: secret })
    assert.isFalse(existsSync(kept(other.run)))
    delete process.env.REQUEST_TOKEN
  }).pipe(Effect.provide(engine(base))),
)
