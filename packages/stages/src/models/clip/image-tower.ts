import * as tf from "@tensorflow/tfjs-core"
import { linear, type Parameters } from "../../tensor/index.ts"
import type { ClipConfig } from "./config.ts"
import { normalise, transformer } from "./transformer.ts"

/**
 * The tokens of the last transformer block, before the final normalisation.
 *
 * @param parameters of the whole model, by open_clip's names
 * @param pixels [batch, height, width, 3], normalised
 * @returns [batch, 1 + patches, width], the class token first, then the patches row by row
 */
export const imageTokens = (config: ClipConfig, parameters: Parameters, pixels: tf.Tensor): tf.Tensor3D =>
  tf.tidy(() => {
    const { layers, width, head_width } = config.vision
    const visual = parameters.within("visual")
    const patches = patchEmbedding(config, visual, pixels)
    const batch = patches.shape[0] ?? 0
    const classToken = tf.tile(tf.reshape(visual.at("class_embedding"), [1, 1, width]), [batch, 1, 1])
    const embedded = tf.add(tf.concat([classToken, patches], 1), visual.at("positional_embedding"))
    const tokens = transformer(normalise(embedded, visual.within("ln_pre")), visual.within("transformer"), {
      layers,
      heads: width / head_width,
      quickGelu: config.quick_gelu,
    })
    return tf.reshape<tf.Rank.R3>(tokens, [batch, -1, width])
  })

/**
 * The convolution whose stride is its kernel's size, as one product of matrices: faster, and its gradient needs no
 * convolution.
 */
const patchEmbedding = ({ vision }: ClipConfig, visual: Parameters, pixels: tf.Tensor): tf.Tensor => {
  const { image_size: size, patch_size: patch, width } = vision
  const [batch = 0, rows = 0, columns = 0, channels = 0] = pixels.shape
  if (pixels.rank !== 4 || rows !== size || columns !== size || channels !== 3) {
    throw new Error(`the model takes pixels [batch, ${size}, ${size}, 3], not [${pixels.shape}]`)
  }
  const side = size / patch
  const bands = tf.reshape(pixels, [batch * side, patch, side, patch * 3])
  const patches = tf.reshape(tf.transpose(bands, [0, 2, 1, 3]), [batch * side * side, patch * patch * 3])
  const kernel = tf.reshape(visual.at("conv1.weight"), [patch * patch * 3, width])
  return tf.reshape(linear(patches, tf.transpose(kernel)), [batch, side * side, width])
}

/**
 * Tokens in the space that images and texts share: the final normalisation, then the projection.
 *
 * @param tokens [batch, tokens, width] (any number of tokens) or [batch, width]
 * @returns [..., embed_dim], not normalised
 */
export const projectTokens = (_config: ClipConfig, parameters: Parameters, tokens: tf.Tensor): tf.Tensor =>
  tf.tidy(() => {
    const visual = parameters.within("visual")
    return linear(normalise(tokens, visual.within("ln_post")), tf.transpose(visual.at("proj")))
  })

/**
 * The model's features of images: the class token, projected.
 *
 * @param pixels [batch, height, width, 3], normalised
 * @returns [batch, embed_dim], not normalised
 */
export const imageFeatures = (config: ClipConfig, parameters: Parameters, pixels: tf.Tensor): tf.Tensor2D =>
  tf.tidy(() => {
    const tokens = imageTokens(config, parameters, pixels)
    const [batch, , width] = tokens.shape
    const classToken = tf.reshape(tf.slice(tokens, [0, 0, 0], [batch, 1, width]), [batch, width])
    return tf.reshape<tf.Rank.R2>(projectTokens(config, parameters, classToken), [batch, config.embed_dim])
  })
