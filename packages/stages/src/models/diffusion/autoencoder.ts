import * as tf from "@tensorflow/tfjs-core"
import {
  attention,
  conv2d,
  groupNorm,
  linear,
  type Parameters,
  silu,
  upsampleNearest2x,
} from "../../tensor/index.ts"
import type { AutoencoderConfig } from "./autoencoder-config.ts"
import { conv3x3, type Normalisation, resnetBlock } from "./resnet-block.ts"

/** diffusers sets this apart from the UNet's. */
const EPSILON = 1e-6

/** log-variances are kept within these, as diffusers does. */
const LOG_VARIANCE_RANGE = [-30, 20] as const

/** A model's configuration and its weights by diffusers' names. */
export interface Autoencoder {
  readonly config: AutoencoderConfig
  readonly parameters: Parameters
}

/** The normal distribution of an image's latents, not scaled; both `[batch, height / 2ⁿ, width / 2ⁿ, channels]`. */
export interface LatentDistribution {
  readonly mean: tf.Tensor
  readonly logVariance: tf.Tensor
}

/**
 * diffusers' AutoencoderKL, from image to latents.
 *
 * @param images [batch, height, width, 3] in −1…1; height and width are divisible by 2 for every level but the last
 */
export const encodeImages = (autoencoder: Autoencoder, images: tf.Tensor): LatentDistribution => {
  const [mean, logVariance] = tf.tidy(() => encode(autoencoder, images))
  return { mean, logVariance }
}

const encode = ({ config, parameters }: Autoencoder, images: tf.Tensor): [tf.Tensor, tf.Tensor] => {
  const norm = normalisation(config)
  const encoder = parameters.within("encoder")
  let x = conv3x3(encoder.within("conv_in"), images)
  for (let level = 0; level < config.channels.length; level++) {
    const block = encoder.within(`down_blocks.${level}`)
    for (let layer = 0; layer < config.layersPerBlock; layer++) {
      x = resnetBlock(block.within(`resnets.${layer}`), x, norm)
    }
    if (level < config.channels.length - 1) x = halve(block.within("downsamplers.0.conv"), x)
  }
  const moments = finish(encoder, middle(encoder.within("mid_block"), x, norm), norm)
  const mixed = config.quantConv ? conv1x1(parameters.within("quant_conv"), moments) : moments
  const [batch = 0, height = 0, width = 0] = mixed.shape
  const size = [batch, height, width, config.latentChannels]
  const [low, high] = LOG_VARIANCE_RANGE
  return [
    tf.slice(mixed, [0, 0, 0, 0], size),
    tf.clipByValue(tf.slice(mixed, [0, 0, 0, config.latentChannels], size), low, high),
  ]
}

/** Images in about −1…1, `[batch, height, width, 3]`, from latents that are not scaled. */
export const decodeUnscaled = (autoencoder: Autoencoder, latents: tf.Tensor): tf.Tensor =>
  tf.tidy(() => decode(autoencoder, latents))

const decode = ({ config, parameters }: Autoencoder, latents: tf.Tensor): tf.Tensor => {
  const norm = normalisation(config)
  const decoder = parameters.within("decoder")
  const mixed = config.postQuantConv ? conv1x1(parameters.within("post_quant_conv"), latents) : latents
  let x = middle(decoder.within("mid_block"), conv3x3(decoder.within("conv_in"), mixed), norm)
  for (let index = 0; index < config.channels.length; index++) {
    const block = decoder.within(`up_blocks.${index}`)
    for (let layer = 0; layer <= config.layersPerBlock; layer++) {
      x = resnetBlock(block.within(`resnets.${layer}`), x, norm)
    }
    if (index < config.channels.length - 1) {
      x = conv3x3(block.within("upsamplers.0.conv"), upsampleNearest2x(x))
    }
  }
  return finish(decoder, x, norm)
}

/** The mean of the latents of images in −1…1, times the scaling factor: what the UNet works on. */
export const latentMean = (autoencoder: Autoencoder, images: tf.Tensor): tf.Tensor =>
  tf.tidy(() => tf.mul(encodeImages(autoencoder, images).mean, autoencoder.config.scalingFactor))

/** Images in about −1…1 from scaled latents. */
export const decodeLatents = (autoencoder: Autoencoder, latents: tf.Tensor): tf.Tensor =>
  tf.tidy(() => decodeUnscaled(autoencoder, tf.div(latents, autoencoder.config.scalingFactor)))

const normalisation = (config: AutoencoderConfig): Normalisation => ({
  groups: config.groups,
  epsilon: EPSILON,
})

/** Downsampling pads at the right and at the bottom only. */
const halve = (conv: Parameters, x: tf.Tensor): tf.Tensor =>
  conv2d(x, conv.at("weight"), conv.at("bias"), {
    stride: 2,
    padding: [
      [0, 1],
      [0, 1],
    ],
  })

const middle = (block: Parameters, x: tf.Tensor, norm: Normalisation): tf.Tensor => {
  const first = resnetBlock(block.within("resnets.0"), x, norm)
  const attended = block.has("attentions.0.to_q.weight")
    ? attend(block.within("attentions.0"), first, norm)
    : first
  return resnetBlock(block.within("resnets.1"), attended, norm)
}

/** Attention with one head among all pixels, added to its input. */
const attend = (layer: Parameters, x: tf.Tensor, norm: Normalisation): tf.Tensor => {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape
  const normed = groupNorm(
    x,
    norm.groups,
    layer.at("group_norm.weight"),
    layer.at("group_norm.bias"),
    norm.epsilon,
  )
  const tokens = tf.reshape(normed, [batch, height * width, channels])
  const project = (name: string, input: tf.Tensor) =>
    linear(input, layer.at(`${name}.weight`), layer.at(`${name}.bias`))
  const mixed = attention(project("to_q", tokens), project("to_k", tokens), project("to_v", tokens), 1)
  return tf.add(x, tf.reshape(project("to_out.0", mixed), [batch, height, width, channels]))
}

const finish = (half: Parameters, x: tf.Tensor, { groups, epsilon }: Normalisation): tf.Tensor => {
  const normed = groupNorm(x, groups, half.at("conv_norm_out.weight"), half.at("conv_norm_out.bias"), epsilon)
  return conv3x3(half.within("conv_out"), silu(normed))
}

const conv1x1 = (layer: Parameters, x: tf.Tensor): tf.Tensor =>
  conv2d(x, layer.at("weight"), layer.at("bias"))
