import * as tf from "@tensorflow/tfjs-core"
import { RandomStream } from "../../randomness/index.ts"
import type { FeatureView, LocalTokens, ScoringRule } from "./scoring-rule.ts"

/** Brings the last axis to length 1, as torch's `normalize` does. */
export const unitLength = <T extends tf.Tensor>(x: T): T =>
  tf.tidy(() => tf.div(x, tf.maximum(tf.norm(x, "euclidean", -1, true), 1e-12)))

/** How many patch tokens a rule draws of those there are. */
const drawnCount = (local: LocalTokens, patches: number): number => {
  if (typeof local !== "object") return 0
  return "draw" in local ? local.draw : Math.floor(local.drawShare * patches)
}

/**
 * The weight of each patch token in the local mean of one image.
 *
 * @param name what makes the draw this image's own, so that it depends on no batch
 */
const patchWeights = (
  { rule, seed }: FeatureView,
  patches: number,
  name: ReadonlyArray<string | number>,
): Float32Array => {
  if (rule.local === "all") return new Float32Array(patches).fill(1 / patches)
  const count = drawnCount(rule.local, patches)
  return weightsOfDrawn(
    RandomStream.named(seed, "evaluate", "patches", ...name).integers(count, patches),
    patches,
  )
}

/** Weights that make a weighted sum the mean of the drawn tokens, which may repeat. */
export const weightsOfDrawn = (drawn: ArrayLike<number>, patches: number): Float32Array => {
  const weights = new Float32Array(patches)
  for (let index = 0; index < drawn.length; index++)
    weights[drawn[index] ?? 0] = (weights[drawn[index] ?? 0] ?? 0) + 1 / drawn.length
  return weights
}

/**
 * The scored feature of each image.
 *
 * @param tokens `[batch, 1 + patches, width]`, after the final norm and projection, class (or pooled) token first
 * @param weights `[batch, patches]`: each patch token's share of the local mean; not used by rules without one
 * @returns `[batch, width]`
 */
export const imageFeature = (
  tokens: tf.Tensor3D,
  rule: ScoringRule,
  weights: Float32Array | undefined,
): tf.Tensor2D =>
  tf.tidy(() => {
    const [batch, count, width] = tokens.shape
    const scaled = rule.normaliseTokens ? unitLength(tokens) : tokens
    const classToken = tf.reshape(tf.slice(scaled, [0, 0, 0], [batch, 1, width]), [batch, width])
    const feature =
      weights === undefined ? classToken : tf.add(classToken, localMean(scaled, weights, count - 1))
    const result: tf.Tensor = rule.normaliseFeature ? unitLength(feature) : feature
    return tf.reshape(result, [batch, width])
  })

const localMean = (tokens: tf.Tensor3D, weights: Float32Array, patches: number): tf.Tensor => {
  const [batch, , width] = tokens.shape
  const local = tf.slice(tokens, [0, 1, 0], [batch, patches, width])
  return tf.reshape(tf.matMul(tf.tensor3d(weights, [batch, 1, patches]), local), [batch, width])
}

/**
 * The features of a batch of images in a view: one `[batch, width]` for each draw.
 *
 * @param tokens `[batch, 1 + patches, width]`, after the final norm and projection, class (or pooled) token first
 * @param keys what names each image
 */
export const viewFeatures = (
  tokens: tf.Tensor3D,
  view: FeatureView,
  keys: ReadonlyArray<string>,
): Array<tf.Tensor2D> => {
  const patches = tokens.shape[1] - 1
  return Array.from({ length: view.draws }, (_, draw) => {
    const weights = view.rule.local === "none" ? undefined : new Float32Array(keys.length * patches)
    keys.forEach((key, image) => {
      weights?.set(patchWeights(view, patches, [draw, key]), image * patches)
    })
    return imageFeature(tokens, view.rule, weights)
  })
}
