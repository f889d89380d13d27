import * as tf from "@tensorflow/tfjs-core"
import { withGradient } from "./gradient.ts"

/**
 * The same numbers in another shape. TensorFlow.js's own keeps what it is given for its gradient, and so every tensor on
 * the way of a forward computation.
 *
 * @param shape one of its sizes may be −1: what remains
 */
export const reshape = <R extends tf.Rank>(x: tf.Tensor, shape: tf.ShapeMap[R]): tf.Tensor<R> =>
  withGradient<tf.Tensor<R>>(
    [x],
    () => tf.reshape<R>(x, shape),
    (gradient) => [tf.reshape(gradient, x.shape)],
  )
