import type { AnyStage } from "@diva-pipeline/core"
import { datasetDigits } from "./dataset-digits.ts"
import { datasetScenes } from "./dataset-scenes.ts"
import { evaluateMmvp } from "./evaluate-mmvp.ts"
import { evaluateRetrieval } from "./evaluate-retrieval.ts"
import { evaluateZeroShot } from "./evaluate-zero-shot.ts"
import { reportSummary } from "./report-summary.ts"

/** Every stage that comes with the project. */
export const stageDefinitions: ReadonlyArray<AnyStage> = [
  datasetScenes,
  datasetDigits,
  evaluateZeroShot,
  evaluateRetrieval,
  evaluateMmvp,
  reportSummary,
]
