import type * as tf from "@tensorflow/tfjs-core"
import {
  conv2d,
  groupNorm,
  linear,
  modelBlock,
  type Parameters,
  plusBranch,
  plusShift,
  reshape,
  silu,
} from "../../tensor/index.ts"

/** How the normalisation layers of a model are set. */
export interface Normalisation {
  readonly groups: number
  readonly epsilon: number
}

/**
 * diffusers' ResnetBlock2D: two normalised convolutions beside a shortcut.
 *
 * @param block the parameters of this block
 * @param x [batch, height, width, in]
 * @param time SiLU of the time embedding, [batch, width]; models without time have none
 * @returns [batch, height, width, out]
 */
export const resnetBlock = (
  block: Parameters,
  x: tf.Tensor,
  norm: Normalisation,
  time?: tf.Tensor,
): tf.Tensor =>
  modelBlock(
    { inputs: [x], constants: time === undefined ? [] : [time], parameters: block },
    (weights, given = x, moment) => convolved(weights, given, norm, moment),
  )

const convolved = (
  block: Parameters,
  x: tf.Tensor,
  { groups, epsilon }: Normalisation,
  time: tf.Tensor | undefined,
): tf.Tensor => {
  const first = silu(groupNorm(x, groups, block.at("norm1.weight"), block.at("norm1.bias"), epsilon))
  const inner = withTime(block, conv3x3(block.within("conv1"), first), time)
  const second = silu(groupNorm(inner, groups, block.at("norm2.weight"), block.at("norm2.bias"), epsilon))
  const outer = conv3x3(block.within("conv2"), second)
  const shortcut = block.has("conv_shortcut.weight")
    ? conv2d(x, block.at("conv_shortcut.weight"), block.at("conv_shortcut.bias"))
    : x
  return plusBranch(shortcut, outer)
}

const withTime = (block: Parameters, x: tf.Tensor, time: tf.Tensor | undefined): tf.Tensor => {
  if (time === undefined) return x
  const shift = linear(time, block.at("time_emb_proj.weight"), block.at("time_emb_proj.bias"))
  return plusShift(x, reshape(shift, [shift.shape[0] ?? 0, 1, 1, shift.shape[1] ?? 0]))
}

/** A 3×3 convolution that keeps height and width. */
export const conv3x3 = (layer: Parameters, x: tf.Tensor): tf.Tensor =>
  conv2d(x, layer.at("weight"), layer.at("bias"), { padding: 1 })
