import { readFileSync } from "node:fs"
import { NodeServices } from "@effect/platform-node"
import { Ajv } from "ajv"
import { Effect, FileSystem, Path } from "effect"
import { Type } from "typebox"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { artefact, defineStage, makeRegistry } from "../stage/index.ts"
import { languageSchema } from "./language-schema.ts"
import { loadPipeline } from "./load.ts"

const closed = { additionalProperties: false }
const run = () => Effect.void

/** The stages that the reference uses, as far as it uses them. */
const registry = makeRegistry([
  defineStage({
    name: "dataset/scenes",
    version: 1,
    summary: "Draws scenes",
    input: Type.Object(
      {
        count: Type.Integer({ default: 2000, minimum: 0 }),
        size: Type.Integer({ default: 64 }),
        seed: Type.Integer({ default: 0, minimum: 0 }),
      },
      closed,
    ),
    outputs: { pairs: { kind: "pairs-benchmark", description: "Pairs of scenes" } },
    isolation: "inline",
    run,
  }),
  defineStage({
    name: "evaluate/mmvp",
    version: 1,
    summary: "Scores pairs",
    input: Type.Object(
      {
        model: artefact("weights | conditioned-model"),
        benchmark: artefact("pairs-benchmark"),
        label: Type.String({ default: "benchmark" }),
        view: Type.Union([Type.Literal("class"), Type.Literal("all-tokens"), Type.Literal("original")], {
          default: "class",
        }),
        draws: Type.Integer({ default: 5 }),
        seed: Type.Integer({ default: 0 }),
      },
      closed,
    ),
    outputs: { metrics: { kind: "metrics", description: "Metrics", file: "metrics.json" } },
    isolation: "host",
    run,
  }),
  defineStage({
    name: "report/summary",
    version: 1,
    summary: "Reports",
    input: Type.Object(
      { title: Type.String({ default: "Report" }), before: Type.Array(artefact("metrics"), { default: [] }) },
      closed,
    ),
    outputs: { report: { kind: "report", description: "The report" } },
    isolation: "inline",
    run,
  }),
])

const validate = new Ajv({ strict: false, logger: false }).compile(Object(languageSchema(registry)))

const reference = readFileSync(new URL("../../../../docs/language.md", import.meta.url), "utf8")

/** The files of the reference: every YAML block begins with a comment that names it. */
const examples = [...reference.matchAll(/```yaml\n# (\S+)\n(.*?)```/gs)].map(([, file = "", text = ""]) => ({
  file,
  text,
}))

test("every YAML block of the reference has a name", () => {
  expect(examples.length).toBeGreaterThan(5)
  expect(examples).toHaveLength(reference.split("```yaml").length - 1)
})

test.each(examples.filter(({ text }) => text.includes("version:")))(
  "$file of the reference is right",
  async ({ file, text }) => {
    expect([validate(parse(text)), validate.errors]).toEqual([true, null])
    const load = Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const workingFolder = yield* fs.makeTempDirectoryScoped()
      yield* fs.makeDirectory(path.join(workingFolder, "weights", "my-clip"), { recursive: true })
      for (const example of examples) {
        const target = path.join(workingFolder, example.file)
        yield* fs.makeDirectory(path.dirname(target), { recursive: true })
        yield* fs.writeFileString(target, example.text)
      }
      return yield* loadPipeline(file, { registry, workingFolder, environment: { HF_TOKEN: "a token" } })
    })
    const pipeline = await Effect.runPromise(load.pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
    expect(pipeline.tasks.length).toBeGreaterThan(0)
  },
)
