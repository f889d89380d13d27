import { artefact, defineStage } from "@diva-pipeline/core"
import { Type } from "typebox"
import {
  benchmarkInput,
  encodingInputs,
  modelInput,
  splitInput,
  viewName,
  viewsOf,
  withLibrary,
} from "./evaluate-input.ts"

/** The features of a benchmark's images, once for all metrics and prompts. */
export const evaluateImageFeatures = defineStage({
  name: "evaluate/image-features",
  version: 3,
  summary: "The features of a benchmark's images in several views, computed once for all metrics and prompts",
  input: Type.Object(
    {
      model: modelInput,
      benchmark: benchmarkInput,
      split: splitInput,
      views: Type.Optional(
        Type.Array(viewName, {
          description:
            "The views to compute: `class`, `original`, `all-tokens`; when absent, of pairs all that the model has, else `class`",
          minItems: 1,
          uniqueItems: true,
        }),
      ),
      ...encodingInputs,
      against: Type.Array(artefact("images | webdataset | benchmark"), {
        description:
          "More data whose images should not be among the benchmark's, such as the training images; what is there is flagged",
        default: [],
        maxItems: 100,
      }),
    },
    { additionalProperties: false },
  ),
  outputs: {
    features: {
      kind: "image-features",
      description: "features.safetensors with a tensor for each view, samples.json and features.json",
    },
  },
  resources: { cpu: 1, memory: 2000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: (input, context) =>
    withLibrary(context, async ({ computeImageFeatures, writeImageFeatures }) => {
      const features = await computeImageFeatures({
        model: input.model,
        benchmark: input.benchmark,
        split: input.split,
        against: input.against,
        views: { ...viewsOf(input), ...(input.views === undefined ? {} : { names: input.views }) },
        batch: input.batch,
        signal: context.signal,
        progress: context.progress,
      })
      for (const flag of features.flags) context.log("warning", flag)
      await writeImageFeatures(context.outputs.features, features)
    }),
})
