import * as tf from "@tensorflow/tfjs-core"
import { allTokens, type ClipModel, imageFeatures } from "../models/clip/index.ts"
import { checkFinite, type Features, joinRows } from "./features.ts"
import { type ImageBatch, imageBatches, type NamedImage } from "./image-batches.ts"
import { unitLength, viewFeatures } from "./image-feature.ts"
import type { Progressing } from "./progressing.ts"
import type { FeatureView } from "./scoring-rule.ts"

export interface EncodeOptions extends Progressing {
  readonly view: FeatureView
  /** Images a batch. */
  readonly batch: number
  /** How many images there are, where it is known. */
  readonly total?: number
}

/** Images' features in the order of the images, one set for each draw of the view. */
export interface EncodedImages {
  readonly keys: ReadonlyArray<string>
  readonly draws: readonly [Features, ...ReadonlyArray<Features>]
}

/**
 * The features of all images in a view.
 *
 * @throws StageFailure when an image can't be read or a feature is no number; the signal's reason when aborted
 */
export const encodeImages = async (
  model: ClipModel,
  images: AsyncIterable<NamedImage> | Iterable<NamedImage>,
  { view, batch, total, signal, progress }: EncodeOptions,
): Promise<EncodedImages> => {
  const keys: Array<string> = []
  const parts: ReadonlyArray<Array<Float32Array>> = Array.from({ length: view.draws }, () => [])
  for await (const some of imageBatches(images, model.preprocess, batch)) {
    signal.throwIfAborted()
    encodeBatch(model, some, view).forEach((features, draw) => {
      parts[draw]?.push(features)
    })
    keys.push(...some.keys)
    progress({ done: keys.length, ...(total === undefined ? {} : { total }), unit: "images" })
  }
  const [first = joinRows([], 0), ...others] = parts.map((list) =>
    checkFinite(joinRows(list, keys.length), "images"),
  )
  return { keys, draws: [first, ...others] }
}

const encodeBatch = (model: ClipModel, batch: ImageBatch, view: FeatureView): ReadonlyArray<Float32Array> =>
  tf
    .tidy(() => batchFeatures(model, batch, view))
    .map((features) => {
      const values = Float32Array.from(features.dataSync())
      features.dispose()
      return values
    })

const batchFeatures = (
  model: ClipModel,
  { keys, pixels }: ImageBatch,
  view: FeatureView,
): Array<tf.Tensor> => {
  const { size } = model.preprocess
  const input = tf.tensor4d(pixels, [keys.length, size, size, 3])
  if (view.rule.local !== "none")
    return viewFeatures(allTokens(model.config, model.parameters, input, true), view, keys)
  const feature = imageFeatures(model.config, model.parameters, input)
  return [view.rule.normaliseFeature || view.rule.normaliseTokens ? unitLength(feature) : feature]
}
