import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Type } from "typebox"
import { InvalidPipeline, loadPipeline, type Pipeline } from "../pipeline/index.ts"
import { engine, makeFolder, removeFolder } from "../run/fixtures/engine.ts"
import { gather, grow, registry } from "../run/fixtures/stages.ts"
import { runPipeline } from "../run/index.ts"
import { artefact, defineStage } from "../stage/index.ts"
import { definePipeline, type PipelineBuilder, type StageOutput } from "./index.ts"

const services = NodeServices.layer

const blur = defineStage({
  name: "test/blur",
  version: 1,
  summary: "Blurs",
  input: Type.Object({ image: artefact("image") }, { additionalProperties: false }),
  outputs: { blurred: { kind: "image", description: "The image, blurred", file: "blurred.png" } },
  isolation: "inline",
  run: () => Effect.void,
})

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const DOCUMENT = `version: 1
name: sums
stages:
  seeds: { uses: test/grow, matrix: { seed: [1, 2] }, with: { seed: "\${{ matrix.seed }}" } }
  sum:
    uses: test/gather
    with: { from: "\${{ stages.seeds.*.outputs.folder }}" }
    retry: { attempts: 2, crash: 1 }
    resources: { memory: 64MB }
  total: { uses: test/gather, with: { from: ["\${{ stages.sum.outputs.sum }}", own.txt] }, timeout: 1m }
outputs: { total: "\${{ stages.total.outputs.sum }}" }
`

const declare = (p: PipelineBuilder) => {
  const seeds = [1, 2].map((seed) => p.stage(`seeds-${seed}`, grow, { seed }))
  const sum = p.stage(
    "sum",
    gather,
    { from: seeds.map((one) => one.outputs.folder) },
    { retry: { attempts: 2, crash: 1 }, resources: { memory: "64MB" } },
  )
  const total = p.stage("total", gather, { from: [sum.outputs.sum, p.path("own.txt")] }, { timeout: "1m" })
  return { total: total.outputs.sum }
}

const run = (pipeline: Pipeline) => runPipeline(pipeline, { resultsFolder: join(folder, "results") })

describe("a pipeline in TypeScript", () => {
  it.effect("is the one that a document declares, and shares its results", () =>
    Effect.gen(function* () {
      writeFileSync(join(folder, "own.txt"), "own\n")
      writeFileSync(join(folder, "sums.yaml"), DOCUMENT)
      const written = yield* loadPipeline("sums.yaml", { registry, workingFolder: folder })
      const defined = yield* definePipeline({ name: "sums", folder }, declare)
      const last = ({ tasks }: Pipeline) => {
        const { location: _, id: _id, needs, ...task } = tasks.at(-1) ?? assert.fail("there are no tasks")
        return { ...task, needs: needs.length, input: JSON.stringify(task.input, ["from", "path", "output"]) }
      }
      assert.deepStrictEqual(last(defined), last(written))
      const first = yield* run(written)
      assert.deepStrictEqual(
        first.tasks.map((task) => task.status),
        ["succeeded", "succeeded", "succeeded", "succeeded"],
      )
      const second = yield* run(defined)
      assert.deepStrictEqual(
        second.tasks.map((task) => task.status),
        ["cached", "cached", "cached", "cached"],
      )
      assert.deepStrictEqual(
        second.tasks.map((task) => task.outputs),
        first.tasks.map((task) => task.outputs),
      )
      assert.deepStrictEqual(Object.keys(second.outputs), ["total"])
    }).pipe(Effect.provide(engine(folder)), Effect.provide(services)),
  )

  it.effect("knows where its stages are declared", () =>
    Effect.gen(function* () {
      const { tasks } = yield* definePipeline({ name: "one" }, (p) => ({
        folder: p.stage("grow", grow, {}).outputs.folder,
      }))
      assert.match(tasks[0]?.location.file ?? "", /define-pipeline\.test\.ts$/)
      assert.isAbove(tasks[0]?.location.line ?? 0, 60)
    }).pipe(Effect.provide(services)),
  )
})

const mistakesOf = (declare: (p: PipelineBuilder) => Readonly<Record<string, StageOutput>>) =>
  definePipeline({ name: "wrong", folder }, declare).pipe(
    Effect.flip,
    Effect.map((error) => (error instanceof InvalidPipeline ? error.diagnostics : [])),
    Effect.provide(services),
  )

describe("mistakes", () => {
  it.effect("that types can tell don't compile, and are told all at once when the program runs", () =>
    Effect.gen(function* () {
      const mistakes = yield* mistakesOf((p) => {
        const seeds = p.stage("seeds", grow, { seed: 1 })
        // @ts-expect-error no such input
        p.stage("unknown", blur, { image: p.path("own.txt"), radios: 3 })
        // @ts-expect-error an output is no number
        p.stage("no-number", grow, { seed: seeds.outputs.folder })
        // @ts-expect-error a text is no number
        p.stage("text", grow, { seed: "one" })
        // @ts-expect-error an artefact of another kind
        p.stage("kind", blur, { image: seeds.outputs.folder })
        // @ts-expect-error an artefact must be there
        p.stage("missing", blur, {})
        // @ts-expect-error no such output
        p.stage("no-output", blur, { image: seeds.outputs.image })
        // @ts-expect-error a path is given with `path`, so that a text is never taken for one
        const text = p.stage("as-text", blur, { image: "nowhere.png" })
        return { text: text.outputs.blurred }
      })
      assert.deepStrictEqual(
        mistakes.map(({ message }) => message),
        [
          "unknown input `radios` of `test/blur`",
          "input `seed` of `test/grow` must be a whole number, not `seeds.outputs.folder`, the output of a stage",
          'input `seed` of `test/grow` must be a whole number, not the text "one"',
          "input `image` of `test/blur` takes `image`, but `seeds.outputs.folder` is `folder`",
          "missing input `image` of `test/blur`",
          "missing input `image` of `test/blur`",
          "there is no file or folder `nowhere.png`",
        ],
      )
      for (const { file, excerpt } of mistakes) {
        assert.match(file, /define-pipeline\.test\.ts$/)
        assert.match(excerpt?.line ?? "", /p\.stage\(/)
      }
    }),
  )

  it.effect("of a pipeline without stages are told", () =>
    Effect.gen(function* () {
      const mistakes = yield* mistakesOf(() => ({}))
      assert.deepStrictEqual(
        mistakes.map(({ message }) => message),
        ["the pipeline has no stages"],
      )
      const wrong = yield* mistakesOf((p) => {
        // @ts-expect-error a text is no number
        p.stage("text", grow, { seed: "one" })
        return {}
      })
      assert.lengthOf(wrong, 1)
    }),
  )

  it.effect("that types can't tell are told when the program runs", () =>
    Effect.gen(function* () {
      const foreign: Array<StageOutput<"folder">> = []
      yield* definePipeline({ name: "other" }, (p) => {
        foreign.push(p.stage("far", grow, {}).outputs.folder)
        return {}
      }).pipe(Effect.provide(services))
      const mistakes = yield* mistakesOf((p) => {
        const twice = p.stage("twice", grow, { seed: Number.NaN })
        p.stage("twice", grow, {}, { timeout: "soon", retry: 0 })
        p.stage("not a name", grow, {}, { needs: [{ name: "nobody" }] })
        p.stage("far", gather, { from: [...foreign, p.path("gone")] })
        return { ...(foreign[0] && { far: foreign[0] }), twice: twice.outputs.folder }
      })
      assert.sameMembers(
        mistakes.map(({ message }) => message),
        [
          "NaN can't be part of an input",
          "there is a stage `twice` already",
          "`retry.attempts` must be at least 1, not 0",
          '`timeout` must be a duration such as 500ms, 30s, 5m or 1h30m, not the text "soon"',
          "`not a name` can't be used as a name",
          "there is no stage `nobody` in this pipeline",
          "`far.outputs.folder` is an output of another pipeline",
          "there is no file or folder `gone`",
          "output `far` must be the output of a stage of this pipeline",
        ],
      )
    }),
  )
})
