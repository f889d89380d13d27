import * as tf from "@tensorflow/tfjs-core"
import { clipGradients } from "../clip-gradients.ts"
import type { Optimiser } from "../optimiser.ts"
import type { TrainableParameters } from "../trainable-parameters.ts"
import type { Draw } from "./draws.ts"
import { type DivaModel, lossesOfDraws, type MicroBatch } from "./noise-loss.ts"
import type { NoiseLoss } from "./options.ts"

/** Gradients of several micro-batches, summed. */
export class GradientSum {
  readonly #sum = new Map<string, tf.Tensor>()

  /** Adds gradients, taking them over. */
  add(gradients: ReadonlyMap<string, tf.Tensor>): void {
    for (const [name, gradient] of gradients) {
      const before = this.#sum.get(name)
      this.#sum.set(name, before === undefined ? gradient : tf.add(before, gradient))
      if (before !== undefined) tf.dispose([before, gradient])
    }
  }

  all(): ReadonlyMap<string, tf.Tensor> {
    return this.#sum
  }

  dispose(): void {
    tf.dispose([...this.#sum.values()])
    this.#sum.clear()
  }
}

export interface BackwardOptions {
  /** Names of the parameters whose gradients are wanted. */
  readonly names: ReadonlyArray<string>
  /** How much each draw counts. */
  readonly weights: ReadonlyArray<number>
  readonly loss: NoiseLoss
}

/**
 * Adds the gradient of the weighted losses of a micro-batch to `sum`.
 *
 * @returns the loss of each draw, not weighted
 */
export const backward = (
  model: DivaModel,
  trainable: TrainableParameters,
  microBatch: MicroBatch,
  draws: ReadonlyArray<Draw>,
  sum: GradientSum,
  { names, weights, loss }: BackwardOptions,
): ReadonlyArray<number> => {
  const kept: Array<tf.Tensor1D> = []
  const { loss: total, gradients } = trainable.gradients(() => {
    const losses = lossesOfDraws(model, microBatch, draws, loss)
    kept.push(tf.keep(tf.clone(losses)))
    return tf.sum<tf.Scalar>(tf.mul(losses, tf.tensor1d([...weights])))
  }, names)
  sum.add(gradients)
  const values = kept.flatMap((losses) => [...losses.dataSync<"float32">()])
  tf.dispose([total, ...kept])
  return values
}

/**
 * One optimiser step: clips the summed gradients, changes the parameters, empties the sum.
 *
 * @returns the norm of the gradients before clipping
 */
export const applyGradients = (
  trainable: TrainableParameters,
  optimiser: Optimiser,
  sum: GradientSum,
  { learningRate, maxGradientNorm }: { readonly learningRate: number; readonly maxGradientNorm: number },
): number => {
  const { norm, gradients } = clipGradients(sum.all(), maxGradientNorm)
  if (Number.isFinite(norm)) optimiser.step(trainable, gradients, learningRate)
  tf.dispose([...gradients.values()])
  sum.dispose()
  return norm
}
