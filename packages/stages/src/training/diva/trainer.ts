import { setImmediate } from "node:timers/promises"
import { permanent, type StageContext } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import type { Optimiser } from "../optimiser.ts"
import { loadCheckpoint, saveCheckpoint, type TrainingState } from "./checkpoint.ts"
import { type CropBatch, type CropOptions, cropBatches } from "./crop-batches.ts"
import { type Draw, drawAt, partOfDraw, weightsOfDraws } from "./draws.ts"
import type { TrainingModel } from "./load-model.ts"
import { type MicroBatch, microBatchOf } from "./noise-loss.ts"
import type { DivaOptions } from "./options.ts"
import { type Phase, phasesOf, stepOfPhase, stepsOf } from "./phase.ts"
import { type Position, START } from "./shuffled-samples.ts"
import { applyGradients, backward, GradientSum } from "./step.ts"
import { meanOf, type StepRecord } from "./training-record.ts"

/** What the trainer uses of a stage's context. */
export type TrainerContext = Pick<StageContext, "checkpoint" | "signal" | "progress" | "log">

/** A training that has ended. The caller disposes of the optimiser. */
export interface FinishedTraining {
  readonly state: TrainingState
  readonly optimiser: Optimiser
}

/**
 * Trains a conditioned model by DIVA's method, changing its trainable parameters. Continues from the task's checkpoint
 * where there is one, with the same result as a training that was never interrupted.
 *
 * @param images a data set that `readSamples` reads
 * @throws StageFailure when the loss is no number any more; the signal's reason when aborted
 */
export const train = async (
  loaded: TrainingModel,
  images: string,
  options: DivaOptions,
  context: TrainerContext,
): Promise<FinishedTraining> => {
  const trainer = await Trainer.start(loaded, options, context)
  try {
    await trainer.run(images)
    return trainer.finished()
  } catch (error) {
    trainer.dispose()
    throw error
  }
}

class Trainer {
  readonly #loaded: TrainingModel
  readonly #options: DivaOptions
  readonly #context: TrainerContext
  readonly #phases: ReadonlyArray<Phase>
  readonly #records: Array<StepRecord>
  readonly #sum = new GradientSum()
  #optimiser: Optimiser
  #state: TrainingState
  #position: Position

  private constructor(
    loaded: TrainingModel,
    options: DivaOptions,
    context: TrainerContext,
    state: TrainingState,
    optimiser: Optimiser,
  ) {
    this.#loaded = loaded
    this.#options = options
    this.#context = context
    this.#phases = phasesOf(options)
    this.#records = [...state.records]
    this.#state = state
    this.#position = state.position
    this.#optimiser = optimiser
  }

  /** Starts, or continues from the task's checkpoint. */
  static async start(loaded: TrainingModel, options: DivaOptions, context: TrainerContext): Promise<Trainer> {
    const { trainable, condition } = loaded
    const recipe = JSON.stringify([options, condition])
    const found = await loadCheckpoint(context.checkpoint, { recipe, trainable }, (reason) =>
      context.log("warning", reason),
    )
    const phases = phasesOf(options)
    const { phase } = stepOfPhase(phases, 0)
    if (found === undefined) {
      const state = { version: 1, recipe, step: 0, phase: phase.name, position: START, records: [] } as const
      return new Trainer(loaded, options, context, { ...state, records: [] }, phase.optimiser())
    }
    const { state, weights, optimiser: memory } = found
    for (const [name, value] of weights.entries()) trainable.assign(name, value)
    const optimiser = (phases.find(({ name }) => name === state.phase) ?? phase).optimiser()
    optimiser.restore(new Map(memory.entries()))
    weights.dispose()
    memory.dispose()
    context.log("info", `continuing after step ${state.step}`)
    return new Trainer(loaded, options, context, state, optimiser)
  }

  /** Does all steps that are left. */
  async run(images: string): Promise<void> {
    const batches = cropBatches(images, this.#cropping(), this.#state.position)
    const total = stepsOf(this.#phases)
    try {
      while (this.#state.step < total) {
        this.#enterPhase()
        const losses: Array<ReadonlyArray<number>> = []
        for (let microBatch = 0; microBatch < this.#options.accumulation; microBatch++) {
          losses.push(await this.#microBatch(batches, microBatch))
        }
        this.#finishStep(losses)
        await this.#report(total)
      }
    } finally {
      await batches.return(undefined)
    }
  }

  finished(): FinishedTraining {
    return { state: this.#state, optimiser: this.#optimiser }
  }

  dispose(): void {
    this.#sum.dispose()
    this.#optimiser.dispose()
  }

  /** Lets messages in, such as a request to stop: tensor work holds the thread. */
  async #breathe(): Promise<void> {
    await setImmediate()
    this.#context.signal.throwIfAborted()
  }

  #enterPhase(): void {
    const { phase } = stepOfPhase(this.#phases, this.#state.step)
    if (phase.name === this.#state.phase) return
    this.#optimiser.dispose()
    this.#optimiser = phase.optimiser()
    this.#state = { ...this.#state, phase: phase.name }
  }

  #cropping(): CropOptions {
    const { batch, imagesAtOnce, cropScale, cropRatio, shuffleBuffer, seed } = this.#options
    const whole = Math.floor(batch / imagesAtOnce)
    const counts = Array.from({ length: whole }, () => imagesAtOnce)
    if (batch % imagesAtOnce > 0) counts.push(batch % imagesAtOnce)
    const onBroken = (key: string, reason: string) =>
      this.#context.log("warning", `the image ${key} is left out: ${reason}`)
    const { "image-size": size } = this.#loaded.condition.dimensions
    return { counts, size, cropScale, cropRatio, shuffleBuffer, seed, onBroken }
  }

  /** The losses of the draws of one micro-batch, whose gradients are added to the sum, part by part. */
  async #microBatch(batches: AsyncGenerator<CropBatch>, microBatch: number): Promise<ReadonlyArray<number>> {
    const { batch } = this.#options
    const sums = new Array<number>(this.#options.draws).fill(0)
    let draws: ReadonlyArray<Draw> | undefined
    for (let first = 0; first < batch; ) {
      const { value: part } = await batches.next()
      await this.#breathe()
      const views = this.#views(part)
      draws ??= this.#draws(microBatch, views.latents.shape)
      const own = draws.map((draw) => partOfDraw(draw, first, part.count))
      const losses = this.#backward(views, own, part.count / batch)
      for (const [draw, loss] of losses.entries())
        sums[draw] = (sums[draw] ?? 0) + (loss * part.count) / batch
      this.#position = part.next
      first += part.count
    }
    return sums
  }

  #views({ crops, count }: CropBatch): MicroBatch {
    const { model, condition } = this.#loaded
    const { "image-size": size } = condition.dimensions
    const pixels = tf.tensor4d(crops, [count, size, size, 3])
    const views = microBatchOf(model, pixels, this.#options.generativeNormalisation)
    pixels.dispose()
    return views
  }

  /** The draws of a whole micro-batch, so that they don't depend on how many images are computed at once. */
  #draws(microBatch: number, latents: ReadonlyArray<number>): ReadonlyArray<Draw> {
    const { model, condition } = this.#loaded
    const { draws, seed, batch } = this.#options
    const sizes = { timesteps: model.schedule.length, latents: [batch, ...latents.slice(1)] }
    return Array.from({ length: draws }, (_, draw) =>
      drawAt(condition, seed, { step: this.#state.step, microBatch, draw }, sizes),
    )
  }

  #backward(views: MicroBatch, draws: ReadonlyArray<Draw>, share: number): ReadonlyArray<number> {
    const { model, trainable } = this.#loaded
    const { drawWeights, accumulation, loss } = this.#options
    const { step } = this.#state
    const { phase } = stepOfPhase(this.#phases, step)
    const losses = backward(model, trainable, views, draws, this.#sum, {
      names: trainable.names().filter(phase.trains),
      weights: weightsOfDraws(drawWeights, draws.length, accumulation).map((weight) => weight * share),
      loss,
    })
    tf.dispose([views.pixels, views.latents])
    const wrong = losses.find((value) => !Number.isFinite(value))
    if (wrong !== undefined) throw notFinite("loss", wrong, step)
    return losses
  }

  #finishStep(losses: ReadonlyArray<ReadonlyArray<number>>): void {
    const { phase, step: inPhase } = stepOfPhase(this.#phases, this.#state.step)
    const learningRate = phase.learningRate(inPhase)
    const norm = applyGradients(this.#loaded.trainable, this.#optimiser, this.#sum, {
      learningRate,
      maxGradientNorm: this.#options.maxGradientNorm,
    })
    if (!Number.isFinite(norm)) throw notFinite("gradient's norm", norm, this.#state.step)
    const step = this.#state.step + 1
    this.#records.push({
      step,
      phase: phase.name,
      loss: meanOf(losses.flat()),
      draw_losses: Array.from({ length: this.#options.draws }, (_, draw) =>
        meanOf(losses.map((ofBatch) => ofBatch[draw] ?? 0)),
      ),
      learning_rate: learningRate,
      gradient_norm: norm,
    })
    this.#state = { ...this.#state, step, position: this.#position, records: this.#records }
  }

  async #report(total: number): Promise<void> {
    const { step } = this.#state
    const loss = this.#records.at(-1)?.loss ?? 0
    this.#context.progress({ done: step, total, unit: "steps", detail: `loss ${loss.toFixed(4)}` })
    if (step % this.#options.checkpointEvery !== 0) return
    await saveCheckpoint(this.#context.checkpoint, this.#state, this.#loaded.trainable, this.#optimiser)
  }
}

const notFinite = (what: string, value: number, step: number) =>
  permanent(`the ${what} is ${value} at step ${step + 1}: the training has diverged`, {
    hint: "lower the learning rate, or look at the images of that step",
  })
