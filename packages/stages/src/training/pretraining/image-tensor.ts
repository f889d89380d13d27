import * as tf from "@tensorflow/tfjs-core"
import { type Normalising, normalisedBatch, type TrainingImages } from "./captioned-images.ts"

/** The chosen images as `[batch, size, size, 3]`. */
export const imageTensor = (
  data: TrainingImages,
  indices: ArrayLike<number>,
  normalising: Normalising,
): tf.Tensor4D =>
  tf.tensor4d(normalisedBatch(data, indices, normalising), [indices.length, data.size, data.size, 3])
