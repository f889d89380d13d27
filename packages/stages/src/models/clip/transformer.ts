import * as tf from "@tensorflow/tfjs-core"
import {
  attention,
  gelu,
  geluTanh,
  layerNorm,
  linear,
  modelBlock,
  type Parameters,
  plusBranch,
  quickGelu,
} from "../../tensor/index.ts"

/** What a residual block's parameters are called. */
export interface BlockNames {
  readonly list: string
  readonly norms: readonly [string, string]
  /** Queries, keys and values, one after the other: the name before `weight` and `bias`. */
  readonly inward: string
  readonly outward: string
  readonly perceptron: readonly [string, string]
}

/** open_clip's names, which are OpenAI's. */
export const OPEN_CLIP_BLOCK: BlockNames = {
  list: "resblocks",
  norms: ["ln_1", "ln_2"],
  inward: "attn.in_proj_",
  outward: "attn.out_proj",
  perceptron: ["mlp.c_fc", "mlp.c_proj"],
}

/** timm's names, which SigLIP's image tower has. */
export const TIMM_BLOCK: BlockNames = {
  list: "blocks",
  norms: ["norm1", "norm2"],
  inward: "attn.qkv.",
  outward: "attn.proj",
  perceptron: ["mlp.fc1", "mlp.fc2"],
}

/** The activation of the perceptrons. */
export type Activation = (x: tf.Tensor) => tf.Tensor

export interface TransformerOptions {
  readonly names: BlockNames
  readonly layers: number
  readonly heads: number
  readonly activation: Activation
  readonly epsilon: number
  /** [tokens, tokens], added to the attention scores. */
  readonly mask?: tf.Tensor
}

/** The activation that a configuration names. */
export const activationOf = (quick: boolean, approximate: "tanh" | undefined): Activation => {
  if (quick) return quickGelu
  return approximate === "tanh" ? geluTanh : gelu
}

/**
 * A stack of residual attention blocks, the normalisation first.
 *
 * @param x [batch, tokens, width]
 * @param parameters those that the blocks' list is in: `resblocks.0.ln_1.weight` …
 * @returns as x
 */
export const transformer = (x: tf.Tensor, parameters: Parameters, options: TransformerOptions): tf.Tensor => {
  let tokens = x
  for (let layer = 0; layer < options.layers; layer++) {
    const block = parameters.within(`${options.names.list}.${layer}`)
    const mask = options.mask === undefined ? [] : [options.mask]
    tokens = modelBlock(
      { inputs: [tokens], constants: mask, parameters: block },
      (weights, given = tokens, seen) => residualBlock(given, weights, options, seen),
    )
  }
  return tokens
}

const residualBlock = (
  x: tf.Tensor,
  block: Parameters,
  options: TransformerOptions,
  mask: tf.Tensor | undefined,
): tf.Tensor => {
  const { names, epsilon, activation } = options
  const [first, second] = names.norms
  const attended = selfAttention(normalise(x, block.within(first), epsilon), block, options, mask)
  const seen = plusBranch(x, attended)
  const [inner, outer] = names.perceptron
  const mlp = { inner: block.within(inner), outer: block.within(outer) }
  return plusBranch(seen, perceptron(normalise(seen, block.within(second), epsilon), mlp, activation))
}

/** Layer normalisation by the parameters `weight` and `bias`. */
export const normalise = (x: tf.Tensor, norm: Parameters, epsilon: number): tf.Tensor =>
  layerNorm(x, norm.at("weight"), norm.at("bias"), epsilon)

const selfAttention = (
  x: tf.Tensor,
  block: Parameters,
  { names, heads }: TransformerOptions,
  mask: tf.Tensor | undefined,
): tf.Tensor => {
  // Dividing the weights costs less than dividing what comes of them, forwards and backwards.
  const weights = tf.split(block.at(`${names.inward}weight`), 3)
  const biases = tf.split(block.at(`${names.inward}bias`), 3)
  const [q, k, v] = weights.map((weight, index) => linear(x, weight, biases[index]))
  if (q === undefined || k === undefined || v === undefined)
    throw new Error(`${names.inward}weight is not of three parts`)
  return affine(attention(q, k, v, heads, mask), block.within(names.outward))
}

/** A linear layer by the parameters `weight` and `bias`. */
export const affine = (x: tf.Tensor, layer: Parameters): tf.Tensor =>
  linear(x, layer.at("weight"), layer.at("bias"))

/** Two linear layers with the activation between them. */
export const perceptron = (
  x: tf.Tensor,
  { inner, outer }: Readonly<Record<"inner" | "outer", Parameters>>,
  activation: Activation,
): tf.Tensor => affine(activation(affine(x, inner)), outer)
