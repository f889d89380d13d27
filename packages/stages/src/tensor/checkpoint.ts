import * as tf from "@tensorflow/tfjs-core"
import { valueAndGradients } from "./backpropagation.ts"
import { isFrozen } from "./frozen.ts"
import { savedAt, withGradient } from "./gradient.ts"
import { Parameters } from "./parameters.ts"

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
  /** Those of the block. */
  readonly parameters: Parameters
}

/**
 * One block of a model. What it makes on the way is released at its end, as far as no gradient needs it.
 *
 * @param compute is given the parameters, the inputs and the constants, and must use these and not others of the same
 *   values
 */
export const modelBlock = (
  { inputs, constants = [], parameters }: BlockInputs,
  compute: (parameters: Parameters, ...given: ReadonlyArray<tf.Tensor>) => tf.Tensor,
): tf.Tensor => {
  const given = [...inputs, ...constants]
  if (!checkpointing) return tf.tidy(() => compute(parameters, ...given))
  const all = parameters.entries()
  const weights = all.filter(([, tensor]) => !isFrozen(tensor))
  return withGradient(
    [...inputs, ...weights.map(([, tensor]) => tensor)],
    (save) => {
      save(...given, ...weights.map(([, tensor]) => tensor))
      return compute(parameters, ...given)
    },
    (gradient, saved) => {
      const [again, savedWeights] = [saved.slice(0, given.length), saved.slice(given.length)]
      const names = weights.map(([name], index) => [name, savedAt(savedWeights, index)] as const)
      const asSaved = Parameters.of(new Map([...all, ...names]))
      const wanted = [...again.slice(0, inputs.length), ...savedWeights]
      return valueAndGradients(() => compute(asSaved, ...again), wanted, gradient).gradients
    },
  )
}
