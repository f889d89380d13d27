import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Path } from "effect"
import { Type } from "typebox"
import type { Diagnostic } from "../document/index.ts"
import { artefact, defineStage, makeRegistry } from "../stage/index.ts"
import { loadPipeline } from "./load.ts"
import type { Json, Pipeline } from "./pipeline.ts"

const closed = { additionalProperties: false }

/** Stages for tests: they only have a form. */
export const registry = makeRegistry([
  defineStage({
    name: "dataset/scenes",
    version: 1,
    summary: "Renders scenes",
    input: Type.Object(
      {
        count: Type.Integer({ description: "Scenes", default: 10, minimum: 1 }),
        seed: Type.Integer({ description: "Seed", default: 0, minimum: 0 }),
        sizes: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }), { description: "Sizes", maxItems: 3 })),
      },
      closed,
    ),
    outputs: {
      shards: { kind: "webdataset", description: "Scenes" },
      pairs: { kind: "pairs-benchmark", description: "Pairs of scenes" },
    },
    isolation: "inline",
    run: () => Effect.void,
  }),
  defineStage({
    name: "weights/fetch",
    version: 1,
    summary: "Fetches weights",
    input: Type.Object({ name: Type.String({ description: "Which weights", minLength: 1 }) }, closed),
    outputs: { weights: { kind: "weights", description: "Weights" } },
    isolation: "inline",
    run: () => Effect.void,
  }),
  defineStage({
    name: "train/diva",
    version: 1,
    summary: "Trains",
    input: Type.Object(
      {
        model: artefact("weights | conditioned-model", { description: "The model" }),
        images: artefact("webdataset", { description: "The images" }),
        "learning-rate": Type.Number({
          description: "Learning rate",
          default: 0.1,
          exclusiveMinimum: 0,
          maximum: 1,
        }),
        view: Type.Union([Type.Literal("class"), Type.Literal("all-tokens")], {
          description: "View",
          default: "class",
        }),
        seed: Type.Integer({ description: "Seed", default: 42 }),
        note: Type.Optional(Type.String({ description: "A note" })),
      },
      closed,
    ),
    outputs: { model: { kind: "conditioned-model", description: "The trained model" } },
    resources: { cpu: 2, memory: 2000 },
    isolation: "host",
    run: () => Effect.void,
  }),
  defineStage({
    name: "report/summary",
    version: 1,
    summary: "Reports",
    input: Type.Object(
      {
        models: Type.Array(artefact("weights | conditioned-model"), { description: "Models", minItems: 1 }),
        options: Type.Object(
          { title: Type.String({ default: "Report" }), logo: Type.Optional(artefact("images")) },
          { ...closed, description: "Options", default: {} },
        ),
      },
      closed,
    ),
    outputs: { report: { kind: "report", description: "The report" } },
    isolation: "inline",
    run: () => Effect.void,
  }),
])

/** The contents of files, by path. */
export type Files = Readonly<Record<string, string>>

/** What is given on the command line. */
export interface Given {
  /** As on the command line. */
  readonly params?: Readonly<Record<string, string>>
  /** Of a program. */
  readonly values?: { readonly [name: string]: Json }
  readonly paramFiles?: ReadonlyArray<string>
  readonly profiles?: ReadonlyArray<string>
  readonly overlays?: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string>>
}

/** Loads `main.yaml` of a folder with the given files; fails with what is wrong. */
export const load = Effect.fnUntraced(
  function* (files: Files, { params = {}, values, ...others }: Given = {}) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const workingFolder = yield* fs.realPath(yield* fs.makeTempDirectoryScoped())
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(workingFolder, name)
      yield* fs.makeDirectory(path.dirname(file), { recursive: true })
      yield* fs.writeFileString(file, text)
    }
    const given = Object.entries(params).map(([name, value]) => ({ name, value, origin: "--param" }) as const)
    const pipeline = yield* loadPipeline("main.yaml", {
      ...others,
      registry,
      params: values ?? given,
      workingFolder,
    })
    return { pipeline, workingFolder }
  },
  Effect.scoped,
  Effect.provide(NodeServices.layer),
)

/** The pipeline of a document that is right. */
export const pipelineOf = async (main: string, files: Files = {}, given: Given = {}): Promise<Pipeline> =>
  (await Effect.runPromise(load({ "main.yaml": main, ...files }, given))).pipeline

/** The mistakes of a document that is wrong; none for one that is right. */
export const mistakesOf = (
  main: string,
  files: Files = {},
  given: Given = {},
): Promise<ReadonlyArray<Diagnostic>> =>
  Effect.runPromise(
    load({ "main.yaml": main, ...files }, given).pipe(
      Effect.as([]),
      Effect.catchTag("InvalidPipeline", ({ diagnostics }) => Effect.succeed(diagnostics)),
    ),
  )

/** The mistakes of a document in brief: `line:column message`. */
export const messagesOf = async (
  main: string,
  files: Files = {},
  given: Given = {},
): Promise<ReadonlyArray<string>> =>
  (await mistakesOf(main, files, given)).map(
    ({ file, line, column, message }) =>
      `${file === "main.yaml" ? "" : `${file}:`}${line}:${column} ${message}`,
  )
