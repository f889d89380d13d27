import * as tf from "@tensorflow/tfjs-core"
import { attention, linear, type Parameters, reshape } from "../../tensor/index.ts"
import { affine, normalise, perceptron, type TransformerOptions } from "./transformer.ts"

/**
 * Multihead attention pooling (timm's `map`): one learned query looks at all tokens, then a residual perceptron.
 *
 * @param pool `latent`, `q`, `kv`, `proj`, `norm` and `mlp`
 * @param tokens [batch, tokens, width], after the final normalisation
 * @returns [batch, width]
 */
export const attentionPool = (
  pool: Parameters,
  tokens: tf.Tensor,
  { heads, activation, epsilon }: Pick<TransformerOptions, "heads" | "activation" | "epsilon">,
): tf.Tensor => {
  const [batch = 0, , width = 0] = tokens.shape
  const query = reshape(affine(reshape(pool.at("latent"), [1, width]), pool.within("q")), [1, 1, width])
  const weights = tf.split(pool.at("kv.weight"), 2)
  const biases = tf.split(pool.at("kv.bias"), 2)
  const [keys, values] = weights.map((weight, index) => linear(tokens, weight, biases[index]))
  if (keys === undefined || values === undefined) throw new Error("kv.weight is not of two parts")
  const seen = attention(tf.tile(query, [batch, 1, 1]), keys, values, heads)
  const x = reshape(affine(seen, pool.within("proj")), [batch, width])
  const mlp = { inner: pool.within("mlp.fc1"), outer: pool.within("mlp.fc2") }
  return tf.add(x, perceptron(normalise(x, pool.within("norm"), epsilon), mlp, activation))
}
