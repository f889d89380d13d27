import type * as tf from "@tensorflow/tfjs-core"
import {
  attention,
  conv2d,
  geglu,
  groupNorm,
  layerNorm,
  linear,
  modelBlock,
  type Parameters,
  plusBranch,
  reshape,
} from "../../tensor/index.ts"

/** diffusers sets these two apart from the model's own `norm_eps`. */
const GROUP_NORM_EPSILON = 1e-6
const LAYER_NORM_EPSILON = 1e-5

/** The shape of one of the UNet's transformers. */
export interface TransformerSizes {
  readonly heads: number
  readonly groups: number
  readonly layers: number
}

/**
 * diffusers' Transformer2DModel: pixels as tokens, which attend to one another and to the condition.
 *
 * @param transformer the parameters of this transformer
 * @param x [batch, height, width, channels]
 * @param context the condition, [batch, tokens, cross_attention_dim]
 * @returns as x
 */
export const spatialTransformer = (
  transformer: Parameters,
  x: tf.Tensor,
  context: tf.Tensor,
  sizes: TransformerSizes,
): tf.Tensor =>
  modelBlock({ inputs: [x, context], parameters: transformer }, (weights, image = x, condition = context) =>
    transformed(weights, image, condition, sizes),
  )

const transformed = (
  transformer: Parameters,
  x: tf.Tensor,
  context: tf.Tensor,
  { heads, groups, layers }: TransformerSizes,
): tf.Tensor => {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape
  const at = names(transformer)
  const normed = groupNorm(x, groups, at("norm.weight"), at("norm.bias"), GROUP_NORM_EPSILON)
  let tokens = reshape(pointwise(transformer.within("proj_in"), normed), [batch, height * width, -1])
  for (let layer = 0; layer < layers; layer++) {
    tokens = transformerBlock(transformer.within(`transformer_blocks.${layer}`), tokens, context, heads)
  }
  const image = reshape(tokens, [batch, height, width, tokens.shape[2] ?? channels])
  return plusBranch(x, pointwise(transformer.within("proj_out"), image))
}

/** BasicTransformerBlock: self-attention, attention to the condition, feed-forward; each added to its input. */
const transformerBlock = (block: Parameters, x: tf.Tensor, context: tf.Tensor, heads: number): tf.Tensor => {
  const own = normed(block.within("norm1"), x)
  const afterOwn = plusBranch(x, crossAttention(block.within("attn1"), own, own, heads))
  const query = normed(block.within("norm2"), afterOwn)
  const afterCross = plusBranch(afterOwn, crossAttention(block.within("attn2"), query, context, heads))
  return plusBranch(afterCross, feedForward(block.within("ff"), normed(block.within("norm3"), afterCross)))
}

const crossAttention = (layer: Parameters, x: tf.Tensor, context: tf.Tensor, heads: number): tf.Tensor => {
  const at = names(layer)
  const mixed = attention(
    linear(x, at("to_q.weight")),
    linear(context, at("to_k.weight")),
    linear(context, at("to_v.weight")),
    heads,
  )
  return linear(mixed, at("to_out.0.weight"), at("to_out.0.bias"))
}

/** GEGLU (Shazeer, 2020): half of the first layer's outputs gate the other half. */
const feedForward = (layer: Parameters, x: tf.Tensor): tf.Tensor => {
  const at = names(layer)
  const gated = geglu(linear(x, at("net.0.proj.weight"), at("net.0.proj.bias")))
  return linear(gated, at("net.2.weight"), at("net.2.bias"))
}

/** A linear layer over channels; older models keep it as a 1×1 convolution. */
const pointwise = (layer: Parameters, x: tf.Tensor): tf.Tensor =>
  layer.at("weight").rank === 4
    ? conv2d(x, layer.at("weight"), layer.at("bias"))
    : linear(x, layer.at("weight"), layer.at("bias"))

const normed = (layer: Parameters, x: tf.Tensor): tf.Tensor =>
  layerNorm(x, layer.at("weight"), layer.at("bias"), LAYER_NORM_EPSILON)

const names = (layer: Parameters) => (name: string) => layer.at(name)
