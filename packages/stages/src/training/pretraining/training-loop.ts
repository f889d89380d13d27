import { permanent } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import { clipGradients, type Optimiser, type TrainableParameters, warmedSchedule } from "../index.ts"
import { breathe, type PretrainingContext } from "./pretraining-context.ts"
import type { LogLine } from "./training-log.ts"
import { type Measured, restoreState, saveState } from "./training-state.ts"

/** How long a training is and how fast it goes. */
export interface TrainingPlan {
  readonly steps: number
  /** The highest learning rate, after warm-up. */
  readonly learningRate: number
  /** Steps in which the learning rate rises. */
  readonly warmup: number
  /** The norm that gradients are clipped to. */
  readonly maxNorm: number
  /** Steps between two checkpoints. */
  readonly checkpointEvery: number
}

/** The part of a stage's input that is its plan. */
export const planOf = (input: {
  readonly steps: number
  readonly "learning-rate": number
  readonly warmup: number
  readonly "checkpoint-every": number
}): TrainingPlan => ({
  steps: input.steps,
  learningRate: input["learning-rate"],
  warmup: input.warmup,
  maxNorm: 1,
  checkpointEvery: input["checkpoint-every"],
})

/** What is trained, by what, and on what. */
export interface TrainingSubject {
  readonly trainable: TrainableParameters
  readonly optimiser: Optimiser
  /** The loss of a step (from 0); it depends on the step's number and the parameters alone. */
  readonly loss: (step: number) => tf.Scalar
}

/**
 * Trains from the checkpoint, where there is one, to the end. A training that was interrupted ends with the same
 * parameters and the same log as one that was not.
 *
 * @returns the log of all steps, those before the checkpoint included
 * @throws StageFailure: cancelled, or permanent when the loss is no longer a number
 */
export const runTraining = async (
  { trainable, optimiser, loss }: TrainingSubject,
  plan: TrainingPlan,
  context: Pick<PretrainingContext<never>, "checkpoint" | "signal" | "progress">,
): Promise<ReadonlyArray<LogLine>> => {
  const rate = warmedSchedule({
    shape: "cosine",
    peak: plan.learningRate,
    warmup: plan.warmup,
    steps: plan.steps,
  })
  // The first step's rate would be 0 with the schedule's own counting.
  const rateAt = (step: number) => rate(step + 1)
  const measured: Array<Measured> = [...(await restoreState(context.checkpoint, trainable, optimiser))]
  for (let step = measured.length; step < plan.steps; step++) {
    await breathe(context.signal)
    const result = trainingStep({ trainable, optimiser, loss }, step, rateAt(step), plan.maxNorm)
    if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradientNorm)) throw diverged(step)
    measured.push(result)
    const done = step + 1
    context.progress({ done, total: plan.steps, unit: "steps", detail: `loss ${result.loss.toFixed(4)}` })
    if (done % plan.checkpointEvery === 0 && done < plan.steps) {
      await saveState(context.checkpoint, trainable, optimiser, measured)
    }
  }
  return measured.map((line, step) => ({ step: step + 1, ...line, learningRate: rateAt(step) }))
}

const trainingStep = (
  { trainable, optimiser, loss }: TrainingSubject,
  step: number,
  learningRate: number,
  maxNorm: number,
): Measured => {
  const computed = trainable.gradients(() => loss(step))
  const clipped = clipGradients(computed.gradients, maxNorm)
  optimiser.step(trainable, clipped.gradients, learningRate)
  const value = computed.loss.dataSync()[0] ?? Number.NaN
  tf.dispose([computed.loss, ...computed.gradients.values(), ...clipped.gradients.values()])
  // In single precision, as the checkpoint keeps it.
  return { loss: Math.fround(value), gradientNorm: Math.fround(clipped.norm) }
}

const diverged = (step: number) =>
  permanent(`the loss is not a number at step ${step + 1}: the training diverged`, {
    hint: "Choose a smaller learning-rate.",
  })
