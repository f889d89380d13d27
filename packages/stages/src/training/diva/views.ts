import * as tf from "@tensorflow/tfjs-core"
import { OPENAI_MEAN, OPENAI_STD } from "../../models/clip/index.ts"
import type { GenerativeNormalisation } from "./options.ts"

/** Mean and deviation of ImageNet's images, which the original takes where it should take CLIP's. */
const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const
const IMAGENET_STD = [0.229, 0.224, 0.225] as const

/** Mean and deviation of red, green and blue. */
export interface ChannelStatistics {
  readonly mean: ReadonlyArray<number>
  readonly std: ReadonlyArray<number>
}

/** What crops are normalised with. */
export const CLIP_STATISTICS: ChannelStatistics = { mean: OPENAI_MEAN, std: OPENAI_STD }

/**
 * What CLIP sees: the normalised crop at CLIP's resolution, bilinear and without antialiasing.
 *
 * @param crops [batch, side, side, 3], normalised with CLIP's mean and deviation
 * @param statistics what it is normalised with instead
 * @returns [batch, size, size, 3]
 */
export const discriminativeView = (
  crops: tf.Tensor4D,
  size: number,
  statistics?: ChannelStatistics,
): tf.Tensor4D => {
  const resized =
    crops.shape[1] === size && crops.shape[2] === size
      ? crops
      : tf.image.resizeBilinear(crops, [size, size], false, true)
  return statistics === undefined ? resized : tf.tidy(() => renormalised(resized, statistics))
}

const renormalised = (view: tf.Tensor4D, { mean, std }: ChannelStatistics): tf.Tensor4D =>
  tf.div(
    tf.sub(
      tf.add(tf.mul(view, tf.tensor1d([...OPENAI_STD])), tf.tensor1d([...OPENAI_MEAN])),
      tf.tensor1d([...mean]),
    ),
    tf.tensor1d([...std]),
  )

/**
 * What the autoencoder sees: the crop, brought back to −1…1. `original` turns CLIP's normalisation back with ImageNet's
 * numbers, as the published code does; `corrected` with CLIP's own.
 *
 * @param crops [batch, side, side, 3], normalised with CLIP's mean and deviation
 * @returns as crops
 */
export const generativeView = (crops: tf.Tensor4D, normalisation: GenerativeNormalisation): tf.Tensor =>
  tf.tidy(() => {
    const original = normalisation === "original"
    const mean = tf.tensor1d([...(original ? IMAGENET_MEAN : OPENAI_MEAN)])
    const std = tf.tensor1d([...(original ? IMAGENET_STD : OPENAI_STD)])
    return tf.sub(tf.mul(tf.add(tf.mul(crops, std), mean), 2), 1)
  })
