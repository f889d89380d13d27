import * as tf from "@tensorflow/tfjs-core"
import { allTokens, type ClipConfig } from "../models/clip/index.ts"
import type { RandomStream } from "../randomness/index.ts"
import { linear, type Parameters, reshape } from "../tensor/index.ts"
import type { Condition } from "./designs/index.ts"

/** What computes image tokens: the parameters may be those that are being trained. */
export interface ImageTower {
  readonly config: ClipConfig
  readonly parameters: Parameters
}

/**
 * Every token that a design may choose from: the class token (SigLIP: the attention-pooled one), then all patch tokens, after the final norm and (where
 * the design says so) the projection. The draws of one batch share them.
 *
 * @param pixels [batch, height, width, 3], normalised
 * @returns [batch, 1 + patches, tokenWidth]
 */
export const towerTokens = (
  { design, dimensions }: Condition,
  { config, parameters }: ImageTower,
  pixels: tf.Tensor,
): tf.Tensor3D => {
  const tokens = allTokens(config, parameters, pixels, design.projected)
  const [, count, width] = tokens.shape
  if (count !== 1 + dimensions.patches || width !== dimensions["token-width"]) {
    throw new Error(
      `the condition expects tokens [batch, ${1 + dimensions.patches}, ${dimensions["token-width"]}], ` +
        `but the image tower gives [${tokens.shape}]`,
    )
  }
  return tokens
}

/**
 * The patches that a design draws for a batch, uniformly and with replacement.
 *
 * @returns [batch, drawn], row by row; 0 is the first patch. Empty where nothing is random.
 */
export const drawPatches = ({ dimensions }: Condition, stream: RandomStream, batch: number): Int32Array =>
  stream.integers(batch * dimensions["drawn-patches"], dimensions.patches)

/**
 * The tokens that the design chooses. They are a product with a matrix of shares, whose gradient is one too: the same
 * numbers on every backend, which a scattering gradient would not promise.
 *
 * @param tokens [batch, 1 + patches, width] of `towerTokens`
 * @param drawn of `drawPatches`, or what `tokenShares` makes of it
 * @returns [batch, tokens, width]
 */
export const chooseTokens = (
  condition: Condition,
  tokens: tf.Tensor3D,
  drawn: Int32Array | tf.Tensor3D,
): tf.Tensor3D => {
  const { design } = condition
  if (design["class-token"] && design.patches === "all") return tokens
  const [batch, count, width] = tokens.shape
  if (design.patches === "none") return tf.slice(tokens, [0, 0, 0], [batch, 1, width])
  if (design.patches === "all") return tf.slice(tokens, [0, 1, 0], [batch, count - 1, width])
  return tf.tidy(() => {
    const shares = drawn instanceof Int32Array ? tokenShares(condition, batch, drawn) : drawn
    return tf.matMul<tf.Tensor3D>(shares, tokens)
  })
}

/**
 * How much each condition token takes of each tower token: [batch, tokens, 1 + patches]; [0, 0, 0] where the design takes
 * all tokens as they are.
 */
export const tokenShares = (
  { design, dimensions }: Condition,
  batch: number,
  drawn: Int32Array,
): tf.Tensor3D => {
  if (typeof design.patches === "string") return tf.zeros<tf.Rank.R3>([0, 0, 0])
  const { tokens, patches, "drawn-patches": draws } = dimensions
  const first = design["class-token"] ? 1 : 0
  const matrix = new Float32Array(batch * tokens * (1 + patches))
  const give = (image: number, token: number, source: number, share: number) => {
    matrix[(image * tokens + token) * (1 + patches) + source] = share
  }
  const window = "window" in design.patches ? design.patches.window : 0
  for (let image = 0; image < batch; image++) {
    if (first === 1) give(image, 0, 0, 1)
    for (let token = first; token < tokens; token++) {
      const place = token - first
      if (window === 0) give(image, token, 1 + (drawn[image * draws + place] ?? 0), 1)
      for (let step = 0; step < window; step++) give(image, token, 1 + place * window + step, 1 / window)
    }
  }
  return tf.tensor3d(matrix, [batch, tokens, 1 + patches])
}

/**
 * The condition tokens of a batch of images.
 *
 * @param pixels [batch, height, width, 3], normalised
 * @param drawn of `drawPatches`
 * @returns [batch, tokens, tokenWidth]
 */
export const conditionTokens = (
  condition: Condition,
  tower: ImageTower,
  pixels: tf.Tensor,
  drawn: Int32Array,
): tf.Tensor3D => chooseTokens(condition, towerTokens(condition, tower, pixels), drawn)

/**
 * What the diffusion model's cross-attention gets: the condition tokens through visual_proj, joined by the text.
 *
 * @param projector `weight` and `bias` of visual_proj
 * @param chosen [batch, tokens, tokenWidth] of `chooseTokens`
 * @param text [1, textTokens, contextWidth]
 * @returns [batch, tokens, contextWidth]
 */
export const joinText = (
  { design }: Condition,
  projector: Parameters,
  chosen: tf.Tensor3D,
  text: tf.Tensor3D,
): tf.Tensor3D => {
  const projected = linear(chosen, projector.at("weight"), projector.at("bias"))
  const joined: tf.Tensor = tf.add(projected, design.text === "add" ? text : tf.mean(text, 1, true))
  const [batch = 0, tokens = 0, width = 0] = joined.shape
  return reshape<tf.Rank.R3>(joined, [batch, tokens, width])
}
