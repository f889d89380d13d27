import * as tf from "@tensorflow/tfjs-core"
import { linear, type Parameters, reshape } from "../../tensor/index.ts"
import { attentionPool } from "./attention-pool.ts"
import { type ClipConfig, isSiglip, patchesOfSide, visionHeads } from "./config.ts"
import {
  activationOf,
  normalise,
  OPEN_CLIP_BLOCK,
  TIMM_BLOCK,
  type TransformerOptions,
  transformer,
} from "./transformer.ts"

/**
 * The tokens of the last transformer block, before the final normalisation.
 *
 * @param parameters of the whole model, by open_clip's names
 * @param pixels [batch, height, width, 3], normalised
 * @returns [batch, tokens, width]: the class token first (SigLIP has none), then the patches row by row
 */
export const imageTokens = (config: ClipConfig, parameters: Parameters, pixels: tf.Tensor): tf.Tensor3D =>
  tf.tidy(() => {
    const embedded = isSiglip(config)
      ? siglipEmbedding(config, parameters.within("visual.trunk"), pixels)
      : clipEmbedding(config, parameters.within("visual"), pixels)
    const within = isSiglip(config) ? "visual.trunk" : "visual.transformer"
    const tokens = transformer(embedded, parameters.within(within), blockOptions(config))
    return reshape<tf.Rank.R3>(tokens, [embedded.shape[0] ?? 0, -1, config.vision.width])
  })

const blockOptions = (config: ClipConfig): TransformerOptions => ({
  names: isSiglip(config) ? TIMM_BLOCK : OPEN_CLIP_BLOCK,
  layers: config.vision.layers,
  heads: visionHeads(config.vision),
  // `quick_gelu` is not for towers of timm, as in open_clip.
  activation: activationOf(config.quick_gelu && !isSiglip(config), config.vision.act_kwargs?.approximate),
  epsilon: epsilonOf(config),
})

const epsilonOf = (config: ClipConfig): number =>
  config.vision.norm_kwargs?.eps ?? (isSiglip(config) ? 1e-6 : 1e-5)

const clipEmbedding = (config: ClipConfig, visual: Parameters, pixels: tf.Tensor): tf.Tensor => {
  const patches = patchEmbedding(config, visual.at("conv1.weight"), pixels)
  const { width } = config.vision
  const classToken = tf.tile(tf.reshape(visual.at("class_embedding"), [1, 1, width]), [
    patches.shape[0] ?? 0,
    1,
    1,
  ])
  const embedded = tf.add(tf.concat([classToken, patches], 1), visual.at("positional_embedding"))
  return normalise(embedded, visual.within("ln_pre"), epsilonOf(config))
}

const siglipEmbedding = (config: ClipConfig, trunk: Parameters, pixels: tf.Tensor): tf.Tensor => {
  const patches = patchEmbedding(config, trunk.at("patch_embed.proj.weight"), pixels)
  return tf.add(tf.add(patches, trunk.at("patch_embed.proj.bias")), trunk.at("pos_embed"))
}

/**
 * The convolution whose stride is its kernel's size, as one product of matrices: faster, and its gradient needs no
 * convolution.
 */
const patchEmbedding = ({ vision }: ClipConfig, kernel: tf.Tensor, pixels: tf.Tensor): tf.Tensor => {
  const { image_size: size, patch_size: patch, width } = vision
  const [batch = 0, rows = 0, columns = 0, channels = 0] = pixels.shape
  if (pixels.rank !== 4 || rows !== size || columns !== size || channels !== 3) {
    throw new Error(`the model takes pixels [batch, ${size}, ${size}, 3], not [${pixels.shape}]`)
  }
  const side = patchesOfSide(vision)
  const seen =
    side * patch === size ? pixels : tf.slice(pixels, [0, 0, 0, 0], [batch, side * patch, side * patch, 3])
  const bands = reshape(seen, [batch * side, patch, side, patch * 3])
  const patches = reshape(tf.transpose(bands, [0, 2, 1, 3]), [batch * side * side, patch * patch * 3])
  const weight = tf.transpose(tf.reshape(kernel, [patch * patch * 3, width]))
  return reshape(linear(patches, weight), [batch, side * side, width])
}

/** Tokens after the final normalisation. @param tokens [..., width] */
export const normaliseTokens = (config: ClipConfig, parameters: Parameters, tokens: tf.Tensor): tf.Tensor =>
  tf.tidy(() =>
    normalise(
      tokens,
      parameters.within(isSiglip(config) ? "visual.trunk.norm" : "visual.ln_post"),
      epsilonOf(config),
    ),
  )

/**
 * Tokens in the space that images and texts share: the final normalisation, then the projection (which SigLIP does not
 * have).
 *
 * @param tokens [batch, tokens, width] (any number of tokens) or [batch, width]
 * @returns [..., embed_dim], not normalised
 */
export const projectTokens = (config: ClipConfig, parameters: Parameters, tokens: tf.Tensor): tf.Tensor =>
  tf.tidy(() => {
    const normal = normaliseTokens(config, parameters, tokens)
    return isSiglip(config) ? normal : linear(normal, tf.transpose(parameters.at("visual.proj")))
  })

/**
 * Every token that features and conditions are made of, after the final normalisation: the class token (SigLIP: the
 * attention-pooled one) first, then the patches.
 *
 * @param pixels [batch, height, width, 3], normalised
 * @param projected whether the tokens are brought to the space shared with texts
 * @returns [batch, 1 + patches, embed_dim or width]
 */
export const allTokens = (
  config: ClipConfig,
  parameters: Parameters,
  pixels: tf.Tensor,
  projected: boolean,
): tf.Tensor3D =>
  tf.tidy(() => {
    const last = imageTokens(config, parameters, pixels)
    const tokens = projected
      ? projectTokens(config, parameters, last)
      : normaliseTokens(config, parameters, last)
    const whole = isSiglip(config)
      ? tf.concat([tf.expandDims(pooled(config, parameters, tokens), 1), tokens], 1)
      : tokens
    return reshape<tf.Rank.R3>(whole, [last.shape[0], -1, tokens.shape.at(-1) ?? 0])
  })

/**
 * The model's features of images: the class token, projected; SigLIP's: the attention-pooled token.
 *
 * @param pixels [batch, height, width, 3], normalised
 * @returns [batch, embed_dim], not normalised
 */
export const imageFeatures = (config: ClipConfig, parameters: Parameters, pixels: tf.Tensor): tf.Tensor2D =>
  tf.tidy(() => {
    const tokens = imageTokens(config, parameters, pixels)
    const [batch, , width] = tokens.shape
    const features = isSiglip(config)
      ? pooled(config, parameters, normaliseTokens(config, parameters, tokens))
      : projectTokens(
          config,
          parameters,
          reshape(tf.slice(tokens, [0, 0, 0], [batch, 1, width]), [batch, width]),
        )
    return reshape<tf.Rank.R2>(features, [batch, config.embed_dim])
  })

const pooled = (config: ClipConfig, parameters: Parameters, tokens: tf.Tensor): tf.Tensor =>
  attentionPool(parameters.within("visual.trunk.attn_pool"), tokens, blockOptions(config))
