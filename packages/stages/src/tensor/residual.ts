import * as tf from "@tensorflow/tfjs-core"
import { withGradient } from "./gradient.ts"

/**
 * A residual connection: x + branch, of equal shapes. The gradient is passed on as it is, so that neither is kept for it,
 * as TensorFlow.js's own sum does.
 */
export const plusBranch = (x: tf.Tensor, branch: tf.Tensor): tf.Tensor =>
  withGradient(
    [x, branch],
    () => tf.add(x, branch),
    (gradient) => [tf.clone(gradient), tf.clone(gradient)],
  )
