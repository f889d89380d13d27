import * as tf from "@tensorflow/tfjs-core"
import {
  conv2d,
  groupNorm,
  joinChannels,
  type Parameters,
  silu,
  upsampleNearest2x,
} from "../../tensor/index.ts"
import { conv3x3, type Normalisation, resnetBlock } from "./resnet-block.ts"
import { sinusoidalEmbedding, timeEmbedding } from "./time-embedding.ts"
import { spatialTransformer } from "./transformer-block.ts"
import type { UNetConfig } from "./unet-config.ts"

/** A model's configuration and its weights by diffusers' names. */
export interface UNet {
  readonly config: UNetConfig
  readonly parameters: Parameters
}

/** What every block of one evaluation shares. */
interface Evaluation {
  readonly config: UNetConfig
  readonly norm: Normalisation
  /** SiLU of the time embedding. */
  readonly time: tf.Tensor
  readonly context: tf.Tensor
}

/**
 * The noise that diffusers' UNet2DConditionModel sees in noisy latents.
 *
 * @param latents [batch, height, width, in_channels]; height and width are divisible by 2 for every level but the last
 * @param at a timestep for each image, or what `embedTimesteps` makes of them
 * @param context [batch, tokens, cross_attention_dim]
 * @returns [batch, height, width, out_channels]
 */
export const predictNoise = (
  { config, parameters }: UNet,
  latents: tf.Tensor,
  at: Int32Array | tf.Tensor2D,
  context: tf.Tensor,
): tf.Tensor =>
  tf.tidy(() => {
    const timesteps = at instanceof Int32Array ? embedTimesteps(config, at) : at
    checkInput(config, latents, timesteps, context)
    return predict({ config, parameters }, latents, timesteps, context)
  })

/** Sines and cosines of timesteps, as a UNet takes them: [batch, channels of the first level]. */
export const embedTimesteps = (config: UNetConfig, timesteps: Int32Array): tf.Tensor2D =>
  sinusoidalEmbedding(timesteps, config.channels[0] ?? 0, config.timestep)

const predict = (
  { config, parameters }: UNet,
  latents: tf.Tensor,
  sinusoidal: tf.Tensor2D,
  context: tf.Tensor,
): tf.Tensor => {
  const time = timeEmbedding(parameters.within("time_embedding"), sinusoidal)
  const norm = { groups: config.groups, epsilon: config.epsilon }
  const evaluation: Evaluation = { config, norm, time, context }
  const skips = [conv3x3(parameters.within("conv_in"), latents)]
  for (let level = 0; level < config.channels.length; level++) descend(evaluation, parameters, level, skips)
  let x = middle(evaluation, parameters.within("mid_block"), skips.at(-1) ?? latents)
  for (let index = 0; index < config.channels.length; index++)
    x = ascend(evaluation, parameters, index, x, skips)
  const normed = groupNorm(
    x,
    norm.groups,
    parameters.at("conv_norm_out.weight"),
    parameters.at("conv_norm_out.bias"),
    norm.epsilon,
  )
  return conv3x3(parameters.within("conv_out"), silu(normed))
}

/** One level downwards; everything that it makes is pushed for the way up. */
const descend = (
  evaluation: Evaluation,
  parameters: Parameters,
  level: number,
  skips: Array<tf.Tensor>,
): void => {
  const { config, norm, time } = evaluation
  const block = parameters.within(`down_blocks.${level}`)
  let x = skips.at(-1) ?? time
  for (let layer = 0; layer < config.layersPerBlock; layer++) {
    x = resnetBlock(block.within(`resnets.${layer}`), x, norm, time)
    if (config.downAttention[level]) x = attend(evaluation, block.within(`attentions.${layer}`), x, level)
    skips.push(x)
  }
  if (level === config.channels.length - 1) return
  const conv = block.within("downsamplers.0.conv")
  skips.push(conv2d(x, conv.at("weight"), conv.at("bias"), { stride: 2, padding: 1 }))
}

const middle = (evaluation: Evaluation, block: Parameters, x: tf.Tensor): tf.Tensor => {
  const { config, norm, time } = evaluation
  const first = resnetBlock(block.within("resnets.0"), x, norm, time)
  const attended = attend(evaluation, block.within("attentions.0"), first, config.channels.length - 1)
  return resnetBlock(block.within("resnets.1"), attended, norm, time)
}

/** One level upwards; `index` counts from the deepest. Takes from `skips` what the way down left there. */
const ascend = (
  evaluation: Evaluation,
  parameters: Parameters,
  index: number,
  below: tf.Tensor,
  skips: Array<tf.Tensor>,
): tf.Tensor => {
  const { config, norm, time } = evaluation
  const block = parameters.within(`up_blocks.${index}`)
  const level = config.channels.length - 1 - index
  let x = below
  for (let layer = 0; layer <= config.layersPerBlock; layer++) {
    const skip = skips.pop()
    if (skip === undefined) throw new Error("the UNet has more layers on its way up than on its way down")
    x = resnetBlock(block.within(`resnets.${layer}`), joinChannels(x, skip), norm, time)
    if (config.upAttention[index]) x = attend(evaluation, block.within(`attentions.${layer}`), x, level)
  }
  return level === 0 ? x : conv3x3(block.within("upsamplers.0.conv"), upsampleNearest2x(x))
}

const attend = (
  { config, context }: Evaluation,
  transformer: Parameters,
  x: tf.Tensor,
  level: number,
): tf.Tensor =>
  spatialTransformer(transformer, x, context, {
    heads: config.heads[level] ?? 1,
    groups: config.groups,
    layers: config.transformerLayers,
  })

const checkInput = (
  config: UNetConfig,
  latents: tf.Tensor,
  timesteps: tf.Tensor2D,
  context: tf.Tensor,
): void => {
  const [batch = 0, height = 0, width = 0, channels = 0] = latents.shape
  const step = 2 ** (config.channels.length - 1)
  if (latents.rank !== 4 || channels !== config.inChannels || height % step !== 0 || width % step !== 0) {
    throw new Error(
      `the UNet takes latents [batch, height, width, ${config.inChannels}] with height and width divisible by ${step}; ` +
        `these are [${latents.shape}]`,
    )
  }
  if (timesteps.shape[0] !== batch) throw new Error(`${timesteps.shape[0]} timesteps for ${batch} latents`)
  if (context.rank !== 3 || context.shape[0] !== batch || context.shape[2] !== config.crossAttentionDim) {
    throw new Error(
      `the UNet takes a condition [${batch}, tokens, ${config.crossAttentionDim}]; this one is [${context.shape}]`,
    )
  }
}
