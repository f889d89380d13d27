import { defineStage } from "@diva-pipeline/core"
import { evaluationInput, metricsOutput, runEvaluation } from "./evaluate-input.ts"

/** Zero-shot classification: top-1, top-5 and mean per-class recall, or mean average precision. */
export const evaluateZeroShot = defineStage({
  name: "evaluate/zero-shot",
  version: 5,
  summary: "Zero-shot classification: top-1, top-5 and mean per-class recall, or mean average precision",
  input: evaluationInput(
    "classification-benchmark",
    "Images with their classes, class names and prompt templates",
  ),
  outputs: metricsOutput,
  resources: { cpu: 1, memory: 2000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: (input, context) => runEvaluation(["classification", "multilabel"], input, context),
})
