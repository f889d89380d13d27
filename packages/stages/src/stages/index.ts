import type { AnyStage } from "@diva-pipeline/core"
import { benchmarkFetch } from "./benchmark-fetch.ts"
import { conditionInject } from "./condition-inject.ts"
import { datasetDigits } from "./dataset-digits.ts"
import { datasetImage2dataset } from "./dataset-image2dataset.ts"
import { datasetScenes } from "./dataset-scenes.ts"
import { evaluateImageFeatures } from "./evaluate-image-features.ts"
import { evaluateMmvp } from "./evaluate-mmvp.ts"
import { evaluateRetrieval } from "./evaluate-retrieval.ts"
import { evaluateScore } from "./evaluate-score.ts"
import { evaluateTextFeatures } from "./evaluate-text-features.ts"
import { evaluateZeroShot } from "./evaluate-zero-shot.ts"
import { exec } from "./exec.ts"
import { reportSummary } from "./report-summary.ts"
import { resultsImport } from "./results-import.ts"
import { trainAutoencoder } from "./train-autoencoder.ts"
import { trainClip } from "./train-clip.ts"
import { trainDiffusion } from "./train-diffusion.ts"
import { trainDiva } from "./train-diva.ts"
import { trainLatents } from "./train-latents.ts"
import { weightsFetch } from "./weights-fetch.ts"

export {
  benchmarkFetch,
  conditionInject,
  datasetDigits,
  datasetImage2dataset,
  datasetScenes,
  evaluateImageFeatures,
  evaluateMmvp,
  evaluateRetrieval,
  evaluateScore,
  evaluateTextFeatures,
  evaluateZeroShot,
  exec,
  reportSummary,
  resultsImport,
  trainAutoencoder,
  trainClip,
  trainDiffusion,
  trainDiva,
  trainLatents,
  weightsFetch,
}

/** Every stage that comes with the project. */
export const stageDefinitions: ReadonlyArray<AnyStage> = [
  datasetScenes,
  datasetImage2dataset,
  datasetDigits,
  benchmarkFetch,
  weightsFetch,
  conditionInject,
  trainDiva,
  trainLatents,
  trainClip,
  trainAutoencoder,
  trainDiffusion,
  evaluateImageFeatures,
  evaluateTextFeatures,
  evaluateScore,
  evaluateZeroShot,
  evaluateRetrieval,
  evaluateMmvp,
  reportSummary,
  resultsImport,
  exec,
]
