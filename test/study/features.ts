// features.ts PAIRS UNTUNED TUNED…: how far a training moves the features of scenes, and where to.
//   PAIRS a benchmark of pairs, UNTUNED and TUNED folders of CLIP weights
import * as tf from "@tensorflow/tfjs-core"
import {
  type ClipModel,
  imageFeatures,
  loadClip,
  textFeatures,
} from "../../packages/stages/src/models/clip/index.ts"
import { loadBackend } from "../../packages/stages/src/tensor/index.ts"
import { toldMean } from "./figures.ts"
import { pixelsOf, readPairs, type StudiedScene } from "./model.ts"

const BATCH = 64

const [benchmark = "", ...folders] = process.argv.slice(2)

/** Rows of length 1. */
const rowsOf = (x: tf.Tensor2D): ReadonlyArray<Float32Array> => {
  const [count, width] = x.shape
  const values = tf.tidy(() => tf.div(x, tf.norm(x, "euclidean", 1, true)).dataSync<"float32">())
  return Array.from({ length: count }, (_, row) => values.slice(row * width, (row + 1) * width))
}

const inBatches = (
  scenes: ReadonlyArray<StudiedScene>,
  featuresOf: (batch: ReadonlyArray<StudiedScene>) => tf.Tensor2D,
): ReadonlyArray<Float32Array> => {
  const rows: Array<Float32Array> = []
  for (let at = 0; at < scenes.length; at += BATCH)
    tf.tidy(() => rows.push(...rowsOf(featuresOf(scenes.slice(at, at + BATCH)))))
  return rows
}

const images = ({ config, parameters }: ClipModel, scenes: ReadonlyArray<StudiedScene>) =>
  inBatches(scenes, (batch) => imageFeatures(config, parameters, pixelsOf(batch)))

const texts = ({ config, parameters, tokenizer }: ClipModel, scenes: ReadonlyArray<StudiedScene>) =>
  inBatches(scenes, (batch) =>
    textFeatures(
      config,
      parameters,
      tokenizer.encode(batch.map(({ statement }) => `a photo of ${statement}`)),
    ),
  )

const cosines = (a: ReadonlyArray<Float32Array>, b: ReadonlyArray<Float32Array>): ReadonlyArray<number> =>
  a.map((row, index) => row.reduce((sum, value, at) => sum + value * (b[index]?.[at] ?? 0), 0))

await loadBackend()
const scenes = (await readPairs(benchmark)).flat()
const other = scenes.map((_, index) => index + 1 - 2 * (index % 2))
let before: ReadonlyArray<Float32Array> | undefined
for (const folder of folders) {
  const clip = await loadClip(folder)
  const [own, captions] = [images(clip, scenes), texts(clip, scenes)]
  const swapped = other.flatMap((at) => own[at] ?? [])
  const wrong = other.flatMap((at) => captions[at] ?? [])
  const toOwn = cosines(own, captions)
  const toWrong = cosines(own, wrong)
  process.stdout.write(
    [
      folder,
      `  with the untuned model's feature: ${toldMean(cosines(own, before ?? own), 4)}`,
      `  with the own caption: ${toldMean(toOwn, 4)}`,
      `  own caption minus that of the pair's other scene: ${toldMean(
        toOwn.map((value, at) => value - (toWrong[at] ?? 0)),
        5,
      )}`,
      `  between both scenes of a pair: ${toldMean(cosines(own, swapped), 4)}\n`,
    ].join("\n"),
  )
  before ??= own
  clip.dispose()
}
