import { defineStage } from "@diva-pipeline/core"
import { evaluationInput, metricsOutput, runEvaluation } from "./evaluate-input.ts"

/** Pairs of images that differ in one detail, scored as MMVP-VLM does, by category. */
export const evaluateMmvp = defineStage({
  name: "evaluate/mmvp",
  version: 3,
  summary: "Pairs of images that differ in one detail, scored as MMVP-VLM does, by category",
  input: evaluationInput("pairs-benchmark", "Pairs of images and statements in the format of MMVP-VLM"),
  outputs: metricsOutput,
  resources: { cpu: 1, memory: 2000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: (input, context) => runEvaluation(["pairs"], input, context),
})
