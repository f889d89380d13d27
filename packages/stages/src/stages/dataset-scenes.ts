import { defineStage, permanent, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** Rendered scenes with captions, and two benchmarks of further ones. */
export const datasetScenes = defineStage({
  name: "dataset/scenes",
  version: 1,
  summary:
    "Draws captioned scenes, pairs that differ in one detail (MMVP's format) and a retrieval benchmark",
  input: Type.Object(
    {
      count: Type.Integer({
        description: "Training scenes to draw",
        default: 2000,
        minimum: 0,
        maximum: 1_000_000,
      }),
      size: Type.Integer({
        description: "Width and height of the images, in pixels",
        default: 64,
        minimum: 16,
        maximum: 1024,
      }),
      seed: Type.Integer({ description: "What the scenes are drawn from", default: 0, minimum: 0 }),
      "fine-captions": Type.Number({
        description: "The share of training captions that tell the detail which the pairs differ in",
        default: 0.15,
        minimum: 0,
        maximum: 1,
      }),
      "pairs-per-category": Type.Integer({
        description: "Pairs in each of the nine categories; MMVP has 15",
        default: 15,
        minimum: 1,
        maximum: 1000,
      }),
      "retrieval-count": Type.Integer({
        description: "Scenes of the retrieval benchmark, each with a caption of its own",
        default: 200,
        minimum: 1,
        maximum: 1000,
      }),
    },
    { additionalProperties: false },
  ),
  outputs: {
    images: { kind: "images", description: "PNG files, and urls.csv that lists them with their captions" },
    pairs: { kind: "pairs-benchmark", description: "Pairs of scenes that differ in one detail" },
    retrieval: { kind: "retrieval-benchmark", description: "Scenes to be found by their captions" },
  },
  resources: { cpu: 1, memory: 512 },
  isolation: "inline",
  run: Effect.fnUntraced(function* (input, context) {
    const { generateScenes } = yield* Effect.promise(() => import("../datasets/scenes/index.ts"))
    const options = {
      count: input.count,
      size: input.size,
      seed: input.seed,
      fineCaptions: input["fine-captions"],
      pairsPerCategory: input["pairs-per-category"],
      retrievalCount: input["retrieval-count"],
    }
    yield* Effect.tryPromise({
      try: () =>
        generateScenes(options, context.outputs, (done, total) => {
          context.signal.throwIfAborted()
          context.progress({ done, total, unit: "images" })
        }),
      catch: (cause) =>
        cause instanceof StageFailure ? cause : permanent(`the scenes could not be drawn: ${String(cause)}`),
    })
  }),
})
