import type { AnyStage } from "@diva-pipeline/core"
import { conditionInject } from "./condition-inject.ts"
import { datasetDigits } from "./dataset-digits.ts"
import { datasetImage2dataset } from "./dataset-image2dataset.ts"
import { datasetScenes } from "./dataset-scenes.ts"
import { evaluateMmvp } from "./evaluate-mmvp.ts"
import { evaluateRetrieval } from "./evaluate-retrieval.ts"
import { evaluateZeroShot } from "./evaluate-zero-shot.ts"
import { exec } from "./exec.ts"
import { reportSummary } from "./report-summary.ts"
import { trainAutoencoder } from "./train-autoencoder.ts"
import { trainClip } from "./train-clip.ts"
import { trainDiffusion } from "./train-diffusion.ts"
import { trainDiva } from "./train-diva.ts"
import { trainLatents } from "./train-latents.ts"
import { weightsFetch } from "./weights-fetch.ts"

export {
  conditionInject,
  datasetDigits,
  datasetImage2dataset,
  datasetScenes,
  evaluateMmvp,
  evaluateRetrieval,
  evaluateZeroShot,
  exec,
  reportSummary,
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
  weightsFetch,
  conditionInject,
  trainDiva,
  trainLatents,
  trainClip,
  trainAutoencoder,
  trainDiffusion,
  evaluateZeroShot,
  evaluateRetrieval,
  evaluateMmvp,
  reportSummary,
  exec,
]
