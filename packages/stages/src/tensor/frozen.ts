import type * as tf from "@tensorflow/tfjs-core"

const frozen = new WeakSet<tf.Tensor>()

/**
 * Says of weights that no gradient is ever taken with respect to them. Layers then keep nothing for such a gradient: of a
 * frozen model a gradient to its inputs needs about half of the memory.
 */
export const freeze = (weights: Iterable<tf.Tensor>): void => {
  for (const weight of weights) frozen.add(weight)
}

/** Whether `freeze` was told of it. */
export const isFrozen = (weight: tf.Tensor): boolean => frozen.has(weight)
