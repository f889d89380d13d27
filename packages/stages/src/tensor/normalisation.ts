import * as tf from "@tensorflow/tfjs-core"
import { isFrozen } from "./frozen.ts"
import { savedAt, withGradient } from "./gradient.ts"
import { reshape } from "./reshape.ts"

/**
 * Layer normalisation over the last axis (Ba, Kiros and Hinton, 2016).
 *
 * @param x [..., width]
 * @param weight [width]
 * @param bias [width]
 * @param epsilon added to the variance
 * @returns as x
 */
export const layerNorm = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor => {
  const width = x.shape.at(-1) ?? 0
  const rows = reshape(x, [-1, width])
  const value = withGradient(
    isFrozen(weight) ? [rows] : [rows, weight, bias],
    (save) => {
      const centred = tf.sub(rows, tf.mean(rows, 1, true))
      const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon))
      const normal = tf.mul(centred, scale)
      save(normal, scale, weight)
      return tf.add(tf.mul(normal, weight), bias)
    },
    (gradient, saved) => {
      const [normal, scale] = [savedAt(saved, 0), savedAt(saved, 1)]
      const ofRows = layerNormGradient(gradient, normal, scale, savedAt(saved, 2))
      if (isFrozen(weight)) return [ofRows]
      const ones = tf.ones([1, rows.shape[0] ?? 0])
      const sumOfRows = (given: tf.Tensor) => tf.reshape(tf.matMul(ones, given), [width])
      return [ofRows, sumOfRows(tf.mul(gradient, normal)), sumOfRows(gradient)]
    },
  )
  return reshape(value, x.shape)
}

/** With n the normal rows and g the gradient: dx = scale · (g·w − mean(g·w) − n · mean(g·w·n)); means over a row. */
const layerNormGradient = (
  gradient: tf.Tensor,
  normal: tf.Tensor,
  scale: tf.Tensor,
  weight: tf.Tensor,
): tf.Tensor => {
  const width = normal.shape[1] ?? 0
  const share = tf.div(tf.reshape(weight, [width, 1]), width)
  const product = tf.mul(gradient, normal)
  const mean = tf.matMul(gradient, share)
  const correlation = tf.matMul(product, share)
  const inner = tf.sub(tf.sub(tf.mul(gradient, weight), mean), tf.mul(normal, correlation))
  return tf.mul(inner, scale)
}

/**
 * Group normalisation (Wu and He, 2018) of images whose channels come last.
 *
 * @param x [batch, height, width, channels]
 * @param groups how many groups the channels form; it divides their number
 * @param weight [channels]
 * @param bias [channels]
 * @param epsilon added to the variance
 * @returns as x
 */
export const groupNorm = (
  x: tf.Tensor,
  groups: number,
  weight: tf.Tensor,
  bias: tf.Tensor,
  epsilon: number,
): tf.Tensor => {
  const channels = x.shape.at(-1) ?? 0
  if (x.rank !== 4 || channels % groups !== 0) {
    throw new Error(`groupNorm: an image [${x.shape}] has no ${groups} equal groups of channels`)
  }
  const pixels = reshape(x, [x.shape[0] ?? 0, -1, channels])
  const groupMean = meanByGroup(groups)
  const value = withGradient(
    isFrozen(weight) ? [pixels] : [pixels, weight, bias],
    (save) => {
      const mean = groupMean(tf.mean(pixels, 1, true))
      const variance = groupMean(tf.mean(tf.squaredDifference(pixels, mean), 1, true))
      const scale = tf.rsqrt(tf.add(variance, epsilon))
      save(pixels, mean, scale, weight)
      const slope = tf.mul(scale, weight)
      return tf.add(tf.mul(pixels, slope), tf.sub(bias, tf.mul(mean, slope)))
    },
    (gradient, saved) => {
      const [ofPixels, ...ofWeights] = groupNormGradient(
        gradient,
        {
          pixels: savedAt(saved, 0),
          mean: savedAt(saved, 1),
          scale: savedAt(saved, 2),
          weight: savedAt(saved, 3),
        },
        groupMean,
      )
      return isFrozen(weight) ? [ofPixels] : [ofPixels, ...ofWeights]
    },
  )
  return reshape(value, x.shape)
}

type GroupMean = (ofChannels: tf.Tensor) => tf.Tensor

/** Replaces the values of the channels, [batch, 1, channels], by the mean of their group. */
const meanByGroup =
  (groups: number): GroupMean =>
  (ofChannels) => {
    const [batch = 0, , channels = 0] = ofChannels.shape
    const grouped = tf.mean(tf.reshape(ofChannels, [batch, groups, channels / groups]), 2, true)
    return tf.reshape(tf.tile(grouped, [1, 1, channels / groups]), [batch, 1, channels])
  }

/**
 * As for layer normalisation, but the means over a group are first taken over the pixels, channel by channel, so that
 * only five operations are as large as the image.
 */
const groupNormGradient = (
  gradient: tf.Tensor,
  { pixels, mean, scale, weight }: Readonly<Record<"pixels" | "mean" | "scale" | "weight", tf.Tensor>>,
  groupMean: GroupMean,
): readonly [tf.Tensor, tf.Tensor, tf.Tensor] => {
  const count = pixels.shape[1] ?? 0
  const sum = tf.sum(gradient, 1, true)
  const sumWithNormal = tf.mul(tf.sub(tf.sum(tf.mul(gradient, pixels), 1, true), tf.mul(mean, sum)), scale)
  const meanOfGradient = groupMean(tf.div(tf.mul(sum, weight), count))
  const correlation = tf.mul(groupMean(tf.div(tf.mul(sumWithNormal, weight), count)), scale)
  const offset = tf.sub(tf.mul(mean, correlation), meanOfGradient)
  const inner = tf.sub(tf.mul(gradient, tf.mul(scale, weight)), tf.mul(pixels, tf.mul(correlation, scale)))
  return [
    tf.add(inner, tf.mul(offset, scale)),
    tf.reshape(tf.sum(sumWithNormal, 0), [-1]),
    tf.reshape(tf.sum(sum, 0), [-1]),
  ]
}
