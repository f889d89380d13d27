import { artefact, defineStage } from "@diva-pipeline/core"
import { Type } from "typebox"
import { metricsOutput, placeInputs, scoreInputs, scoreOf, withLibrary } from "./evaluate-input.ts"

/** Metrics of features that other stages have computed. */
export const evaluateScore = defineStage({
  name: "evaluate/score",
  version: 3,
  summary: "The metrics of image features and text features, as CLIP_benchmark and MMVP compute them",
  input: Type.Object(
    {
      images: artefact("image-features", { description: "The features of the benchmark's images" }),
      texts: artefact("text-features", { description: "The features of its texts, by the same model" }),
      ...scoreInputs,
      ...placeInputs,
    },
    { additionalProperties: false },
  ),
  outputs: {
    ...metricsOutput,
    predictions: {
      kind: "predictions",
      description: "Every answer: ranks, best classes or images, logits; of pairs questions.jsonl",
    },
  },
  resources: { cpu: 1, memory: 2000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: (input, context) =>
    withLibrary(context, async (library) => {
      const images = await library.readImageFeatures(input.images)
      const texts = await library.readTextFeatures(input.texts)
      const { metrics, predictions } = await library.scoreFeatures(images, texts, scoreOf(input))
      await library.writeMetrics(context.outputs.metrics, metrics)
      await library.writePredictions(context.outputs.predictions, predictions)
    }),
})
