import * as tf from "@tensorflow/tfjs-core"

/** Gradients that were shortened, and how long they were before. The caller disposes of the gradients. */
export interface ClippedGradients {
  /** The Euclidean norm of all gradients together, before clipping. */
  readonly norm: number
  readonly gradients: Map<string, tf.Tensor>
}

/**
 * Scales all gradients by one coefficient, min(1, maximum / (norm + 10⁻⁶)), as PyTorch's clip_grad_norm_ does.
 *
 * @param gradients by the parameters' names; they stay the caller's
 */
export const clipGradients = (
  gradients: ReadonlyMap<string, tf.Tensor>,
  maximum: number,
): ClippedGradients => {
  const norm = gradientNorm(gradients)
  // NaN and infinity go through the product, to be seen in what comes out.
  const coefficient = Math.min(1, maximum / (norm + 1e-6))
  const scaled = [...gradients].map(([name, gradient]) => [name, tf.mul(gradient, coefficient)] as const)
  return { norm, gradients: new Map(scaled) }
}

/** The Euclidean norm of all the given tensors together. */
export const gradientNorm = (gradients: ReadonlyMap<string, tf.Tensor>): number => {
  if (gradients.size === 0) return 0
  const sums = tf.tidy(() => tf.stack([...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)))))
  const squares = sums.dataSync<"float32">()
  sums.dispose()
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0))
}
