import { writeFileSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import * as tf from "@tensorflow/tfjs-core"
import { encodePng } from "../../images/index.ts"
import { type Parameters, RecordedComputation, readParameters, writeParameters } from "../../tensor/index.ts"
import { MovingAverage } from "../moving-average.ts"
import { type Draw, drawAt, weightsOfDraws } from "./draws.ts"
import type { GradientSum } from "./gradient-sum.ts"
import type { TrainingModel } from "./load-model.ts"
import { type MicroBatch, microBatchOf } from "./noise-loss.ts"
import type { DivaOptions } from "./options.ts"
import { PartOptimisers } from "./part-optimisers.ts"
import { type Phase, phasesOf, stepOfPhase, stepsOf } from "./phase.ts"
import type { PictureRequest, Replica, Unit } from "./replica.ts"
import { rasterOf, samplePictures, sideBySide } from "./sample-pictures.ts"
import { saveTuned } from "./save-tuned.ts"
import { applyGradients, backward } from "./step.ts"
import { generativeView } from "./views.ts"

/** The files of a replica in a checkpoint. */
const WEIGHTS_FILE = "weights.safetensors"
const OPTIMISER_FILE = "optimiser.safetensors"
const AVERAGE_FILE = "average.safetensors"

const BYTES_OF_NUMBER = 4

/** Recording a step takes as long as some steps do: trainings of fewer units than this go without. */
export const UNITS_WORTH_RECORDING = 40

/** A replica in this process. */
export class LocalReplica implements Replica {
  readonly #loaded: TrainingModel
  readonly #options: DivaOptions
  readonly #phases: ReadonlyArray<Phase>
  readonly #sum: GradientSum
  readonly #average: MovingAverage | undefined
  /** What the steps have in common, where it is worth it. */
  readonly #graphs: RecordedComputation | undefined
  #optimisers: PartOptimisers
  #gradients: ReadonlyMap<string, tf.Tensor> = new Map()

  /** @param sum where the gradients of all replicas meet */
  constructor(loaded: TrainingModel, options: DivaOptions, sum: GradientSum) {
    this.#loaded = loaded
    this.#options = options
    this.#sum = sum
    this.#phases = phasesOf(options)
    this.#optimisers = new PartOptimisers(stepOfPhase(this.#phases, 0).phase)
    const { averageDecay } = options
    this.#graphs = unitsOf(options) < UNITS_WORTH_RECORDING ? undefined : new RecordedComputation()
    this.#average = averageDecay === undefined ? undefined : new MovingAverage(loaded.trainable, averageDecay)
  }

  async backward(unit: Unit): Promise<ReadonlyArray<number>> {
    // Lets messages in, such as a request to stop: tensor work holds the thread.
    await setImmediate()
    return this.#backward(unit, this.#graphs)
  }

  async add(isFirst: boolean): Promise<void> {
    this.#sum.add(this.#gradients, isFirst)
    this.#gradients = new Map()
  }

  async finishStep(step: number): Promise<number> {
    this.#enterPhase(step)
    const { trainable } = this.#loaded
    const norm = applyGradients(trainable, this.#optimisers, this.#sum.take(this.#trainedNow()), {
      step: stepOfPhase(this.#phases, step).step,
      maxGradientNorm: this.#options.maxGradientNorm,
    })
    this.#average?.update(trainable)
    return norm
  }

  async peakBytes(count: number, checkpoints: boolean): Promise<number> {
    const { trainable, condition } = this.#loaded
    const crops = new Float32Array(count * condition.dimensions["image-size"] ** 2 * 3)
    const { peakBytes } = await tf.profile(async () => {
      this.#backward({ step: 0, first: 0, count, crops, checkpoints })
      return []
    })
    tf.dispose([...this.#gradients.values()])
    this.#gradients = new Map()
    // The sum of the gradients and the optimiser's memory come later.
    return peakBytes + 2 * BYTES_OF_NUMBER * trainable.count()
  }

  async save(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true })
    const { trainable } = this.#loaded
    await write(join(folder, WEIGHTS_FILE), trainable.parameters())
    await write(join(folder, OPTIMISER_FILE), this.#optimisers.state())
    if (this.#average !== undefined) await write(join(folder, AVERAGE_FILE), this.#average.parameters())
  }

  async restore(folder: string, step: number): Promise<void> {
    const { trainable } = this.#loaded
    // The memory is that of the step before; the next one may begin another phase.
    if (step > 0) this.#enterPhase(step - 1)
    await using read = await readAll(
      [WEIGHTS_FILE, OPTIMISER_FILE, ...(this.#average === undefined ? [] : [AVERAGE_FILE])].map((name) =>
        join(folder, name),
      ),
    )
    const [weights, memory, average] = read.files
    if (
      weights === undefined ||
      memory === undefined ||
      shapesOf(weights) !== shapesOf(trainable.parameters())
    )
      throw new Error("its weights are another model's")
    for (const [name, value] of weights.entries()) trainable.assign(name, value)
    this.#optimisers.restore(memory)
    if (average !== undefined) this.#average?.restore(average)
  }

  async saveTuned(folder: string): Promise<void> {
    const trained = this.#average?.parameters() ?? this.#loaded.trainable.parameters()
    await saveTuned(this.#loaded, trained, folder)
  }

  async writePictures({ file, shown, crops, count, steps }: PictureRequest): Promise<void> {
    const { model, weightsWith, trainable, condition } = this.#loaded
    const { "image-size": size } = condition.dimensions
    const views = this.#views({ count, crops })
    const [, ...latents] = views.latents.shape
    // Merged factors make tensors, which go with the scope.
    tf.engine().startScope()
    try {
      const weights = weightsWith(this.#average?.parameters() ?? trainable.parameters())
      const what = { pixels: views.pixels, latents }
      writeFileSync(file, encodePng(samplePictures(model, weights, what, { steps, seed: 0 })))
      if (shown !== undefined) {
        const pixels = generativeView(tf.tensor4d(crops, [count, size, size, 3]), "corrected")
        writeFileSync(shown, encodePng(rasterOf(sideBySide(pixels))))
      }
    } finally {
      tf.engine().endScope()
    }
    tf.dispose([views.pixels, views.latents])
  }

  async dispose(): Promise<void> {
    tf.dispose([...this.#gradients.values()])
    this.#sum.dispose()
    this.#average?.dispose()
    this.#graphs?.dispose()
    this.#optimisers.dispose()
    this.#loaded.dispose()
  }

  #backward(unit: Unit, graphs?: RecordedComputation): ReadonlyArray<number> {
    this.#enterPhase(unit.step)
    const { model, trainable } = this.#loaded
    const { drawWeights, accumulation, loss, batch } = this.#options
    const views = this.#views(unit, graphs)
    const draws = this.#draws(unit, views.latents.shape)
    const weights = weightsOfDraws(drawWeights, draws.length, accumulation)
    const how = {
      names: this.#trainedNow(),
      weights: weights.map((weight) => (weight * unit.count) / batch),
      loss,
      checkpoints: unit.checkpoints,
    }
    const { losses, gradients } = backward(model, trainable, views, draws, how, graphs)
    tf.dispose([views.pixels, views.latents])
    this.#gradients = gradients
    return losses
  }

  #enterPhase(step: number): void {
    const { phase } = stepOfPhase(this.#phases, step)
    if (phase.name === this.#optimisers.phase) return
    this.#optimisers.dispose()
    this.#optimisers = new PartOptimisers(phase)
  }

  /** The names of what is trained in the present phase. */
  #trainedNow(): ReadonlyArray<string> {
    return this.#loaded.trainable.names().filter((name) => this.#optimisers.trains(name))
  }

  #views(
    { crops, latents, count }: Pick<Unit, "crops" | "latents" | "count">,
    graphs?: RecordedComputation,
  ): MicroBatch {
    const { model, condition, statistics } = this.#loaded
    const { "image-size": size } = condition.dimensions
    const pixels = tf.tensor4d(crops, [count, size, size, 3])
    const known = latents && tf.tensor(latents.values, [count, ...latents.shape])
    const generative = this.#options.generativeNormalisation
    const given = known === undefined ? [pixels] : [pixels, known]
    const views = microBatchOf(model, pixels, { generative, statistics, latents: known }, graphs)
    tf.dispose(given)
    return views
  }

  #draws(
    { step, first, count }: Pick<Unit, "step" | "first" | "count">,
    [, ...latent]: ReadonlyArray<number>,
  ): ReadonlyArray<Draw> {
    const { model, condition } = this.#loaded
    const { draws, seed } = this.#options
    const sizes = { timesteps: model.schedule.length, latent }
    return Array.from({ length: draws }, (_, draw) =>
      drawAt(condition, seed, { step, first, count }, draw, sizes),
    )
  }
}

/** How many units a training has, at least. */
const unitsOf = (options: DivaOptions): number =>
  stepsOf(phasesOf(options)) * options.accumulation * Math.ceil(options.batch / options.imagesAtOnce)

/** Files of parameters that are released together. */
interface ReadFiles extends AsyncDisposable {
  readonly files: ReadonlyArray<Parameters>
}

const readAll = async (names: ReadonlyArray<string>): Promise<ReadFiles> => {
  const files: Array<Parameters> = []
  const release = async () => {
    for (const file of files) file.dispose()
  }
  try {
    for (const name of names) files.push(await readParameters(name))
  } catch (error) {
    await release()
    throw error
  }
  return { files, [Symbol.asyncDispose]: release }
}

const write = (file: string, parameters: Parameters): Promise<void> =>
  writeParameters(file, parameters, { dtype: "F32" })

const shapesOf = (parameters: Parameters): string =>
  JSON.stringify(parameters.entries().map(([name, tensor]) => [name, tensor.shape]))
