import * as tf from "@tensorflow/tfjs-core"
import { RandomStream } from "../../randomness/index.ts"
import { Parameters } from "../../tensor/index.ts"
import type { ParameterShapes } from "./parameter-shapes.ts"

/** Names of normalisation layers' weights, which start at 1. */
const NORM_WEIGHT = /(^|\.)(group_norm|conv_norm_out|norm\d*)\.weight$/

/** Last layers whose zeros make a residual block start as the identity, which trains faster (Ho et al., 2020). */
const ZERO = /(^|\.)(resnets\.\d+\.conv2|proj_out)\.weight$/

/**
 * Parameters of an untrained model: weights uniform within ±1/√inputs, as PyTorch starts its layers; biases 0; the last
 * layers of residual blocks 0. Each parameter has a random stream of its own.
 */
export const initialParameters = (shapes: ParameterShapes, seed: number, purpose: string): Parameters => {
  const tensors = new Map<string, tf.Tensor>()
  for (const [name, shape] of shapes) tensors.set(name, initial(name, shape, seed, purpose))
  return Parameters.of(tensors)
}

const initial = (name: string, shape: ReadonlyArray<number>, seed: number, purpose: string): tf.Tensor => {
  const [outputs = 0, inputs = 1, height = 1, width = 1] = shape
  const held = shape.length === 4 ? [height, width, inputs, outputs] : [...shape]
  if (NORM_WEIGHT.test(name)) return tf.ones(held)
  if (name.endsWith(".bias") || ZERO.test(name)) return tf.zeros(held)
  const bound = 1 / Math.sqrt(inputs * height * width)
  const stream = RandomStream.named(seed, purpose, "initial", name)
  const count = held.reduce((product, size) => product * size, 1)
  return tf.tensor(
    Float32Array.from({ length: count }, () => bound * (2 * stream.uniform() - 1)),
    held,
  )
}
