import * as tf from "@tensorflow/tfjs-core"

/** Keeps tensors of the forward computation for the backward one. */
export type Save = (...tensors: ReadonlyArray<tf.Tensor>) => void

/**
 * An operation with a gradient of its own.
 *
 * TensorFlow.js keeps every tensor of a backward computation until the whole of it is done; the gradients given here
 * therefore run in a scope of their own.
 *
 * @param inputs what the gradient is taken with respect to
 * @param forward the value; what it saves is given to `backward`
 * @param backward the gradient for each input, from the gradient of the value and what was saved
 */
export const withGradient = <Value extends tf.Tensor>(
  inputs: ReadonlyArray<tf.Tensor>,
  forward: (save: Save) => Value,
  backward: (gradient: Value, saved: ReadonlyArray<tf.Tensor>) => ReadonlyArray<tf.Tensor>,
): Value => {
  const operation = tf.customGrad<Value>((...args) => {
    const keep = args.at(-1)
    const value = forward((...tensors) => {
      if (typeof keep === "function") keep([...tensors])
    })
    const gradFunc = (gradient: Value, saved: tf.Tensor[]) => tf.tidy(() => [...backward(gradient, saved)])
    return { value, gradFunc }
  })
  return operation(...inputs)
}

/** The saved tensor at that place. */
export const savedAt = (saved: ReadonlyArray<tf.Tensor>, index: number): tf.Tensor => {
  const tensor = saved[index]
  if (tensor === undefined) throw new Error(`nothing was saved for the gradient at ${index}`)
  return tensor
}
