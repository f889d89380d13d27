import { readFile, writeFile } from "node:fs/promises"
import { basename } from "node:path"
import { artefact, defineStage, permanent, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"
import type { ReadResults } from "../results/index.ts"

/** Results that other programs have told, to stand beside ours. */
export const resultsImport = defineStage({
  name: "results/import",
  version: 2,
  summary: "Reads results of CLIP_benchmark (JSON, CSV) and open_clip (CSV), to stand beside our own",
  input: Type.Object(
    {
      files: Type.Array(artefact("any"), {
        description:
          "Result files: of `clip_benchmark eval` (.json), of `clip_benchmark build` (.csv), or open_clip's tables (.csv)",
        minItems: 1,
        maxItems: 10_000,
      }),
      models: Type.Optional(
        Type.Array(Type.String({ minLength: 1 }), {
          description: "Only models whose name (`ViT-L-14 openai`) is one of these",
        }),
      ),
      benchmarks: Type.Optional(
        Type.Array(Type.String({ minLength: 1 }), {
          description: "Only these benchmarks, by the catalogue's names",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  outputs: {
    scores: {
      kind: "imported-results",
      description: "Scores by model, benchmark and metric; they have no interval",
      file: "imported.json",
    },
  },
  isolation: "inline",
  run: Effect.fnUntraced(function* ({ files, models, benchmarks }, context) {
    const { encodeImported, withoutRepetition } = yield* Effect.promise(() => import("../results/index.ts"))
    const read = yield* Effect.forEach(files, readFrom)
    for (const [index, { leftOut }] of read.entries())
      for (const what of leftOut) context.log("info", `${basename(files[index] ?? "")}: left out ${what}`)
    const scores = yield* Effect.try({
      try: () => withoutRepetition(read.flatMap((one) => one.scores)),
      catch: (error) =>
        permanent(error instanceof Error ? error.message : String(error), {
          hint: "give only one of the files, or `models` and `benchmarks` of one run",
        }),
    })
    const wanted = scores.filter(
      ({ model, benchmark }) =>
        (models?.includes(model) ?? true) && (benchmarks?.includes(benchmark) ?? true),
    )
    if (wanted.length === 0)
      return yield* permanent(
        "none of the imported scores is of the models and benchmarks that are asked for",
        {
          hint: `there are ${[...new Set(scores.map(({ model }) => model))].slice(0, 10).join(", ")}`,
        },
      )
    yield* Effect.promise(() => writeFile(context.outputs.scores, encodeImported(wanted)))
  }),
})

const readFrom = (file: string): Effect.Effect<ReadResults, StageFailure> =>
  Effect.tryPromise({
    try: async () => {
      const { readResults } = await import("../results/index.ts")
      return readResults(await readFile(file, "utf8"), basename(file))
    },
    catch: (error) =>
      error instanceof StageFailure
        ? error
        : permanent(
            `these results can't be read: ${error instanceof Error ? error.message : String(error)}`,
            {
              file,
            },
          ),
  })
