import * as tf from "@tensorflow/tfjs-core"
import { withCheckpoints } from "../../tensor/index.ts"
import { clipGradients } from "../clip-gradients.ts"
import type { TrainableParameters } from "../trainable-parameters.ts"
import type { Draw } from "./draws.ts"
import { type DivaModel, lossesOfDraws, type MicroBatch } from "./noise-loss.ts"
import type { NoiseLoss } from "./options.ts"
import type { PartOptimisers } from "./part-optimisers.ts"

export interface BackwardOptions {
  /** Names of the parameters whose gradients are wanted. */
  readonly names: ReadonlyArray<string>
  /** How much each draw counts. */
  readonly weights: ReadonlyArray<number>
  readonly loss: NoiseLoss
  /** Whether activations are computed a second time instead of being kept. */
  readonly checkpoints: boolean
}

/** The loss of each draw, not weighted, and the gradients of their weighted sum, which are the caller's. */
export interface LossesAndGradients {
  readonly losses: ReadonlyArray<number>
  readonly gradients: ReadonlyMap<string, tf.Tensor>
}

/** The gradient of the weighted losses of some images. */
export const backward = (
  model: DivaModel,
  trainable: TrainableParameters,
  microBatch: MicroBatch,
  draws: ReadonlyArray<Draw>,
  { names, weights, loss, checkpoints }: BackwardOptions,
): LossesAndGradients => {
  const kept: Array<tf.Tensor1D> = []
  const weighted = () => {
    const losses = lossesOfDraws(model, microBatch, draws, loss)
    kept.push(tf.keep(tf.clone(losses)))
    return tf.sum<tf.Scalar>(tf.mul(losses, tf.tensor1d([...weights])))
  }
  const differentiated = () => trainable.gradients(weighted, names)
  const { loss: total, gradients } = checkpoints ? withCheckpoints(differentiated) : differentiated()
  const losses = kept.flatMap((tensor) => [...tensor.dataSync<"float32">()])
  tf.dispose([total, ...kept])
  return { losses, gradients }
}

/**
 * One optimiser step: clips the summed gradients, which it takes over, and changes the parameters.
 *
 * @returns the norm of the gradients before clipping; where it is no number, nothing is changed
 */
export const applyGradients = (
  trainable: TrainableParameters,
  optimisers: PartOptimisers,
  sum: ReadonlyMap<string, tf.Tensor>,
  { step, maxGradientNorm }: { readonly step: number; readonly maxGradientNorm: number },
): number => {
  const { norm, gradients } = clipGradients(sum, maxGradientNorm)
  if (Number.isFinite(norm)) optimisers.step(trainable, gradients, step)
  tf.dispose([...gradients.values(), ...sum.values()])
  return norm
}
