import * as tf from "@tensorflow/tfjs-core"
import { type RecordedComputation, withCheckpoints } from "../../tensor/index.ts"
import { clipGradients } from "../clip-gradients.ts"
import type { TrainableParameters } from "../trainable-parameters.ts"
import type { Draw } from "./draws.ts"
import { type DivaModel, drawTensors, lossesOfDraws, type MicroBatch, tensorsOf } from "./noise-loss.ts"
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

/**
 * The gradient of the weighted losses of some images.
 *
 * @param graphs where what is computed is recorded, to be run as a whole from then on; without it each operation runs by
 *   itself
 */
export const backward = (
  model: DivaModel,
  trainable: TrainableParameters,
  microBatch: MicroBatch,
  draws: ReadonlyArray<Draw>,
  { names, weights, loss, checkpoints }: BackwardOptions,
  graphs?: RecordedComputation,
): LossesAndGradients => {
  const drawn = draws.map((draw) => drawTensors(model, draw, microBatch.latents.shape))
  const ofDraws = drawn.flatMap(tensorsOf)
  const trained = names.map((name) => trainable.parameters().at(name))
  const weightOfDraw = tf.tensor1d([...weights])
  const compute = () => {
    const kept: Array<tf.Tensor1D> = []
    const weighted = () => {
      const losses = lossesOfDraws(model, microBatch, drawn, { loss, trained })
      kept.push(tf.keep(tf.clone(losses)))
      return tf.sum<tf.Scalar>(tf.mul(losses, weightOfDraw))
    }
    const differentiated = () => trainable.gradients(weighted, names)
    const { loss: total, gradients } = checkpoints ? withCheckpoints(differentiated) : differentiated()
    total.dispose()
    return [...kept, ...gradients.values()]
  }
  const once = [microBatch.pixels, microBatch.latents, weightOfDraw, ...ofDraws]
  const present = trainable.parameters().entries()
  const inputs = [...once, ...present.map(([, value]) => value)]
  const [losses, ...gradients] =
    graphs === undefined || checkpoints ? compute() : graphs.run(`gradients of ${names}`, inputs, compute)
  tf.dispose([weightOfDraw, ...ofDraws])
  return { losses: valuesOf(losses), gradients: new Map(zip(names, gradients)) }
}

/** The numbers of a tensor, which is disposed of. */
const valuesOf = (tensor: tf.Tensor | undefined): ReadonlyArray<number> => {
  const values = [...(tensor?.dataSync<"float32">() ?? [])]
  tensor?.dispose()
  return values
}

const zip = <A, B>(one: ReadonlyArray<A>, other: ReadonlyArray<B>): ReadonlyArray<readonly [A, B]> =>
  one.flatMap((a, index) => {
    const b = other[index]
    return b === undefined ? [] : [[a, b] as const]
  })

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
