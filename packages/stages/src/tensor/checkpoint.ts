import * as tf from "@tensorflow/tfjs-core"
import { valueAndGradients } from "./backpropagation.ts"
import { withGradient } from "./gradient.ts"
import type { Parameters } from "./parameters.ts"

let checkpointing = false

/**
 * Computes with activation checkpoints (Chen et al., 2016): of every model block only the inputs are kept for the gradient,
 * which computes the rest a second time. A third more time, and memory that no longer grows with what a block makes inside.
 */
export const withCheckpoints = <Value>(compute: () => Value): Value => {
  const before = checkpointing
  checkpointing = true
  try {
    return compute()
  } finally {
    checkpointing = before
  }
}

/** What a block of a model computes with. */
export interface BlockInputs {
  /** The gradient may be wanted with respect to these. */
  readonly inputs: ReadonlyArray<tf.Tensor>
  /** No gradient is taken with respect to these. */
  readonly constants?: ReadonlyArray<tf.Tensor>
  /** Those of the block; the gradient is taken with respect to the variables among them. */
  readonly parameters: Parameters
}

/**
 * One block of a model. What it makes on the way is released at its end, as far as no gradient needs it.
 *
 * @param compute is given the inputs and then the constants, and must use these and not others of the same values
 */
export const modelBlock = (
  { inputs, constants = [], parameters }: BlockInputs,
  compute: (...given: ReadonlyArray<tf.Tensor>) => tf.Tensor,
): tf.Tensor => {
  if (!checkpointing) return tf.tidy(() => compute(...inputs, ...constants))
  const variables = parameters.entries().flatMap(([, tensor]) => (isTrained(tensor) ? [tensor] : []))
  return withGradient(
    [...inputs, ...variables],
    (save) => {
      save(...inputs, ...constants)
      return compute(...inputs, ...constants)
    },
    (gradient, saved) => {
      const wanted = [...saved.slice(0, inputs.length), ...variables]
      return valueAndGradients(() => compute(...saved), wanted, gradient).gradients
    },
  )
}

const isTrained = (tensor: tf.Tensor): boolean => tensor instanceof tf.Variable && tensor.trainable
