import * as tf from "@tensorflow/tfjs-core"
import { valueAndGradients } from "./backpropagation.ts"
import { withGradient } from "./gradient.ts"

/**
 * A number whose gradient is taken at once: of its computation nothing is kept for later but that gradient. So losses that
 * follow each other never hold more than the activations of one.
 *
 * @param inputs what the gradient is taken with respect to
 * @param compute uses these very tensors
 */
export const withEarlyGradient = (inputs: ReadonlyArray<tf.Tensor>, compute: () => tf.Scalar): tf.Scalar =>
  withGradient<tf.Scalar>(
    inputs,
    (save) => {
      const { value, gradients } = valueAndGradients(compute, inputs)
      save(...gradients)
      return value
    },
    (gradient, saved) => saved.map((ofInput) => tf.mul(ofInput, gradient)),
  )
