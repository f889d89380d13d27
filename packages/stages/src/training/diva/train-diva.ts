import { cp, writeFile } from "node:fs/promises"
import { loadBackend } from "../../tensor/index.ts"
import { type TrainingState, writeState } from "./checkpoint.ts"
import { type EvaluationPlan, Evaluations } from "./evaluations.ts"
import { LatentStore } from "./latent-store.ts"
import { withinBudget } from "./memory-budget.ts"
import type { DivaOptions, WorkOptions } from "./options.ts"
import { openReplicas, type Replicas } from "./replicas.ts"
import { type TrainerContext, train } from "./trainer.ts"
import { logLines, metricsOf } from "./training-record.ts"

/** What is trained, and on what. */
export interface TrainingInput {
  /** The folder of a conditioned model. */
  readonly folder: string
  /** A data set of images. */
  readonly images: string
  /** The folder of the images' latents, where they were computed before. */
  readonly latents?: string | undefined
}

/** Where a training's results go. */
export interface TrainingOutputs {
  /** A folder. */
  readonly weights: string
  /** A file. */
  readonly log: string
  /** A file. */
  readonly metrics: string
  /** A folder. */
  readonly checkpoint: string
}

/**
 * Trains a conditioned model by DIVA's method and writes the tuned CLIP, the training log, its metrics and the last
 * state.
 *
 * @throws StageFailure; the signal's reason when aborted
 */
export const trainDiva = async (
  input: TrainingInput,
  given: DivaOptions,
  { work, evaluation }: { readonly work: WorkOptions; readonly evaluation: EvaluationPlan },
  outputs: TrainingOutputs,
  context: TrainerContext,
): Promise<void> => {
  const backend = await loadBackend()
  context.log("info", `tensor backend ${backend.name} ${backend.version}`)
  const latents = input.latents === undefined ? undefined : await LatentStore.open(input.latents)
  const asked = latents === undefined ? given : { ...given, crops: latents.crops }
  let replicas: Replicas | undefined
  try {
    replicas = await openReplicas(input.folder, asked, work)
    const { size } = replicas
    const options = await withinBudget(asked, work.memoryBudget, replicas.all[0], context.log)
    latents?.check(options, size)
    const evaluations = new Evaluations(evaluation, context)
    const state = await train(
      {
        replicas: replicas.all,
        source: { images: input.images, options, size, latents },
        work,
        recipe: JSON.stringify([options, replicas.condition, latents !== undefined, evaluation]),
        watch: evaluations,
      },
      context,
    )
    await finish(state, replicas, evaluations, options, outputs)
  } finally {
    await replicas?.close()
    await latents?.close()
  }
}

const finish = async (
  state: TrainingState,
  { all: [replica], trainedNumbers }: Replicas,
  evaluations: Evaluations,
  { batch, accumulation }: DivaOptions,
  outputs: TrainingOutputs,
): Promise<void> => {
  await writeState(outputs.checkpoint, state, replica)
  const best = evaluations.keptStep(state)
  if (best === undefined) await replica.saveTuned(outputs.weights)
  else await cp(evaluations.folderOf(best), outputs.weights, { recursive: true })
  await writeFile(outputs.log, logLines(state.records))
  const metrics = metricsOf(state.records, {
    imagesPerStep: batch * accumulation,
    parameters: trainedNumbers,
    weightsOfStep: best ?? state.step,
    evaluations: state.evaluations,
  })
  await writeFile(outputs.metrics, `${JSON.stringify(metrics, undefined, 2)}\n`)
}
