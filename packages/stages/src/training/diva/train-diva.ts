import { cp, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { loadBackend } from "../../tensor/index.ts"
import { checkpointName, checkpointSteps, type TrainingState, writeState } from "./checkpoint.ts"
import { dataDigest } from "./data/index.ts"
import { Display } from "./display.ts"
import { type EvaluationPlan, Evaluations } from "./evaluations.ts"
import { LatentStore } from "./latent-store.ts"
import { withinBudget } from "./memory-budget.ts"
import { modelCard } from "./model-card.ts"
import type { DivaOptions, WorkOptions } from "./options.ts"
import { phasesOf, stepsOf } from "./phase.ts"
import { makePictures, type PicturePlan } from "./pictures.ts"
import { openReplicas, type Replicas } from "./replicas.ts"
import { type TrainerContext, train } from "./trainer.ts"
import { logLines, metricsOf, type TrainingMetrics } from "./training-record.ts"
import type { TrainingWatch } from "./training-watch.ts"

/** What is trained, and on what. */
export interface TrainingInput {
  /** The folder of a conditioned model. */
  readonly folder: string
  /** A data set of images. */
  readonly images: string
  /** The folder of the images' latents, where they were computed before. */
  readonly latents?: string | undefined
}

/** How a training is done and looked at. */
export interface TrainingPlan {
  readonly work: WorkOptions
  readonly evaluation: EvaluationPlan
  readonly pictures: PicturePlan
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
  /** A folder. */
  readonly progress: string
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
  { work, evaluation, pictures }: TrainingPlan,
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
    const display = new Display(`DIVA, seed ${options.seed}`, stepsOf(phasesOf(options)), context)
    const [replica] = replicas.all
    const source = { images: input.images, options, size }
    if ((await checkpointSteps(context.checkpoint)).length === 0)
      await makePictures("before", replica, source, pictures, context)
    const state = await train(
      {
        replicas: replicas.all,
        source: { ...source, latents },
        work,
        recipe: JSON.stringify([options, replicas.condition, latents !== undefined, evaluation]),
        watch: watchedBy(evaluations, display),
      },
      context,
    )
    const metrics = await writeResults(state, replicas, evaluations, options, outputs)
    await makePictures("after", replica, source, pictures, context)
    await copyMilestones(context.checkpoint, outputs.checkpoint, work)
    await display.finish(state, outputs.progress)
    const card = modelCard({
      options,
      condition: replicas.condition,
      metrics,
      backend,
      dataDigest: await dataDigest(input.images),
    })
    await writeFile(join(outputs.weights, "README.md"), card)
  } finally {
    await replicas?.close()
    await latents?.close()
  }
}

/** The checkpoints that stay come into the result. */
const copyMilestones = async (from: string, to: string, { milestoneEvery }: WorkOptions): Promise<void> => {
  for (const step of await checkpointSteps(from)) {
    const name = checkpointName(step)
    if (milestoneEvery > 0 && step % milestoneEvery === 0)
      await cp(join(from, name), join(to, name), { recursive: true })
  }
}

const watchedBy = (evaluations: Evaluations, display: Display): TrainingWatch => ({
  look: async (state, replica, times) => {
    const made = await evaluations.look(state, replica)
    await display.show({ ...state, evaluations: [...state.evaluations, ...made] }, made, times)
    return made
  },
  isEnough: (state) => evaluations.isEnough(state),
})

const writeResults = async (
  state: TrainingState,
  { all: [replica], trainedNumbers }: Replicas,
  evaluations: Evaluations,
  { batch, accumulation }: DivaOptions,
  outputs: TrainingOutputs,
): Promise<TrainingMetrics> => {
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
  return metrics
}
