import * as tf from "@tensorflow/tfjs-core"
import { isFrozen } from "./frozen.ts"
import { withGradient } from "./gradient.ts"

// TensorFlow.js's own sums and joins keep what they are given for their gradients, which need nothing but its shape.

/** A residual connection: x + branch, of equal shapes. */
export const plusBranch = (x: tf.Tensor, branch: tf.Tensor): tf.Tensor =>
  withGradient(
    [x, branch],
    () => tf.add(x, branch),
    (gradient) => [tf.clone(gradient), tf.clone(gradient)],
  )

/**
 * x + shift, the same for all pixels of an image, or of all images.
 *
 * @param x [batch, height, width, channels]
 * @param shift [channels] or [batch, 1, 1, channels]
 */
export const plusShift = (x: tf.Tensor, shift: tf.Tensor): tf.Tensor => {
  const isForAll = shift.rank === 1
  return withGradient(
    isFrozen(shift) ? [x] : [x, shift],
    () => tf.add(x, shift),
    (gradient) => {
      if (isFrozen(shift)) return [tf.clone(gradient)]
      return [tf.clone(gradient), tf.sum(gradient, isForAll ? [0, 1, 2] : [1, 2], !isForAll)]
    },
  )
}

/** The channels of two images beside each other: [batch, height, width, a] and [batch, height, width, b]. */
export const joinChannels = (first: tf.Tensor, second: tf.Tensor): tf.Tensor => {
  const sizes = [first.shape[3] ?? 0, second.shape[3] ?? 0]
  return withGradient(
    [first, second],
    () => tf.concat([first, second], 3),
    (gradient) => tf.split(gradient, sizes, 3),
  )
}
