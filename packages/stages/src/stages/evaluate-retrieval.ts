import { defineStage } from "@diva-pipeline/core"
import { evaluationInput, metricsOutput, runEvaluation } from "./evaluate-input.ts"

/** Retrieval of images by text and of texts by image: recall at 1, 5 and 10. */
export const evaluateRetrieval = defineStage({
  name: "evaluate/retrieval",
  version: 5,
  summary: "Retrieval of images by text and of texts by image: recall at 1, 5 and 10",
  input: evaluationInput("retrieval-benchmark", "Images with their captions"),
  outputs: metricsOutput,
  resources: { cpu: 1, memory: 4000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: (input, context) => runEvaluation(["retrieval"], input, context),
})
