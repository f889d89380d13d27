import * as tf from "@tensorflow/tfjs-core"
import { allTokens, type ClipModel, imageFeatures } from "../../models/clip/index.ts"
import { checkFinite, type Features, joinRows } from "../features.ts"
import type { Progressing } from "../progressing.ts"
import { type FeatureView, unitLength, viewFeatures } from "../views/index.ts"
import { type ImageBatch, imageBatches } from "./image-batches.ts"
import { type NamedImage, PreparingThreads } from "./preparing-threads.ts"

export interface EncodeOptions extends Progressing {
  readonly views: ReadonlyArray<FeatureView>
  /** Images a batch. */
  readonly batch: number
  /** Whether pictures of other kinds become RGB before they are resized: see `Preprocessing`. */
  readonly rgbFirst: boolean
  /** How many images there are, where it is known. */
  readonly total?: number | undefined
}

/** Images' features in the order of the images, by view, one set for each of its draws. */
export type EncodedViews = ReadonlyMap<FeatureView["name"], ReadonlyArray<Features>>

/**
 * The features of all images in some views, from one pass of the model.
 *
 * @throws StageFailure when an image can't be read or a feature is no number; the signal's reason when aborted
 */
export const encodeImages = async (
  model: ClipModel,
  images: AsyncIterable<NamedImage> | Iterable<NamedImage>,
  { views, batch, rgbFirst, total, signal, progress }: EncodeOptions,
): Promise<EncodedViews> => {
  const parts = views.map(({ draws }) => Array.from({ length: draws }, (): Array<Float32Array> => []))
  const keys: Array<string> = []
  await using threads = new PreparingThreads({ ...model.preprocess, rgbFirst })
  for await (const some of imageBatches(images, (image) => threads.prepare(image), batch)) {
    signal.throwIfAborted()
    encodeBatch(model, some, views).forEach((draws, view) => {
      draws.forEach((features, draw) => {
        parts[view]?.[draw]?.push(features)
      })
    })
    keys.push(...some.keys)
    progress({ done: keys.length, ...(total === undefined ? {} : { total }), unit: "images" })
  }
  const nameOf = (row: number) => keys[row] ?? String(row)
  return new Map(
    views.map(({ name }, view) => [
      name,
      (parts[view] ?? []).map((draw) => checkFinite(joinRows(draw, keys.length), "images", nameOf)),
    ]),
  )
}

/** The values of a batch's features: by view, by draw. */
const encodeBatch = (
  model: ClipModel,
  batch: ImageBatch,
  views: ReadonlyArray<FeatureView>,
): ReadonlyArray<ReadonlyArray<Float32Array>> =>
  tf
    .tidy(() => batchFeatures(model, batch, views))
    .map((draws) =>
      draws.map((features) => {
        const values = Float32Array.from(features.dataSync())
        features.dispose()
        return values
      }),
    )

const batchFeatures = (
  model: ClipModel,
  { keys, pixels }: ImageBatch,
  views: ReadonlyArray<FeatureView>,
): Array<Array<tf.Tensor>> => {
  const { size } = model.preprocess
  const input = tf.tensor4d(pixels, [keys.length, size, size, 3])
  if (views.every(({ rule }) => rule.local === "none")) {
    const feature = imageFeatures(model.config, model.parameters, input)
    return views.map(({ rule }) => [
      rule.normaliseFeature || rule.normaliseTokens ? unitLength(feature) : tf.clone(feature),
    ])
  }
  const tokens = allTokens(model.config, model.parameters, input, true)
  return views.map((view) => viewFeatures(tokens, view, keys))
}
