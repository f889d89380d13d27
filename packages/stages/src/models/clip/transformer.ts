import * as tf from "@tensorflow/tfjs-core"
import { attention, gelu, layerNorm, linear, type Parameters, quickGelu } from "../../tensor/index.ts"

/** The epsilon of every layer normalisation of CLIP. */
export const NORM_EPSILON = 1e-5

export interface TransformerOptions {
  readonly layers: number
  readonly heads: number
  readonly quickGelu: boolean
  /** [tokens, tokens], added to the attention scores. */
  readonly mask?: tf.Tensor
}

/**
 * A stack of residual attention blocks, the normalisation first.
 *
 * @param x [batch, tokens, width]
 * @param parameters of `transformer`: `resblocks.0.ln_1.weight` …
 * @returns as x
 */
export const transformer = (x: tf.Tensor, parameters: Parameters, options: TransformerOptions): tf.Tensor => {
  let tokens = x
  for (let layer = 0; layer < options.layers; layer++) {
    tokens = residualBlock(tokens, parameters.within(`resblocks.${layer}`), options)
  }
  return tokens
}

const residualBlock = (x: tf.Tensor, block: Parameters, options: TransformerOptions): tf.Tensor => {
  const seen = tf.add(x, selfAttention(normalise(x, block.within("ln_1")), block.within("attn"), options))
  return tf.add(
    seen,
    perceptron(normalise(seen, block.within("ln_2")), block.within("mlp"), options.quickGelu),
  )
}

/** Layer normalisation by the parameters `weight` and `bias`. */
export const normalise = (x: tf.Tensor, norm: Parameters): tf.Tensor =>
  layerNorm(x, norm.at("weight"), norm.at("bias"), NORM_EPSILON)

const selfAttention = (x: tf.Tensor, attn: Parameters, { heads, mask }: TransformerOptions): tf.Tensor => {
  // Dividing the weights costs less than dividing what comes of them, forwards and backwards.
  const weights = tf.split(attn.at("in_proj_weight"), 3)
  const biases = tf.split(attn.at("in_proj_bias"), 3)
  const [q, k, v] = weights.map((weight, index) => linear(x, weight, biases[index]))
  if (q === undefined || k === undefined || v === undefined)
    throw new Error("in_proj_weight is not of three parts")
  return linear(attention(q, k, v, heads, mask), attn.at("out_proj.weight"), attn.at("out_proj.bias"))
}

const perceptron = (x: tf.Tensor, mlp: Parameters, quick: boolean): tf.Tensor => {
  const hidden = linear(x, mlp.at("c_fc.weight"), mlp.at("c_fc.bias"))
  return linear(quick ? quickGelu(hidden) : gelu(hidden), mlp.at("c_proj.weight"), mlp.at("c_proj.bias"))
}
