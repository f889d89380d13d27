import { artefact, defineStage } from "@diva-pipeline/core"
import { Type } from "typebox"
import { benchmarkInput, modelInput, splitInput, withLibrary } from "./evaluate-input.ts"

/** The features of a benchmark's texts: its classes by their prompts, its captions, its statements. */
export const evaluateTextFeatures = defineStage({
  name: "evaluate/text-features",
  version: 2,
  summary: "The features of a benchmark's texts: classes by their prompts, captions, or statements",
  input: Type.Object(
    {
      model: modelInput,
      benchmark: benchmarkInput,
      split: splitInput,
      templates: Type.Optional(
        Type.Array(Type.String({ minLength: 1, maxLength: 1000, pattern: "\\{c\\}" }), {
          description: "Prompts with {c} in the class name's place; the benchmark's own when absent",
          minItems: 1,
          maxItems: 1000,
        }),
      ),
      prompts: Type.Optional(
        artefact("any", {
          description:
            "A file of them instead: a template a line, or JSON with a list of templates, or with a list of prompts for each class name",
        }),
      ),
      "template-set": Type.Optional(
        Type.String({ description: "What the prompts are called in results", minLength: 1, maxLength: 100 }),
      ),
    },
    { additionalProperties: false },
  ),
  outputs: {
    features: {
      kind: "text-features",
      description: "texts.safetensors with a row a class, caption or statement, and texts.json",
    },
  },
  resources: { cpu: 1, memory: 2000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: (input, context) =>
    withLibrary(context, async ({ computeTextFeatures, readPrompts, writeTextFeatures }) => {
      const templates = input.prompts === undefined ? input.templates : await readPrompts(input.prompts)
      const set = input["template-set"]
      const features = await computeTextFeatures({
        model: input.model,
        benchmark: input.benchmark,
        split: input.split,
        ...(templates === undefined ? {} : { templates }),
        ...(set === undefined ? {} : { promptSet: set }),
        signal: context.signal,
        progress: context.progress,
      })
      await writeTextFeatures(context.outputs.features, features)
    }),
})
