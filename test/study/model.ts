import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import {
  type BenchmarkPair,
  readPairsBenchmark,
} from "../../packages/stages/src/evaluation/benchmarks/pairs-benchmark.ts"
import { openImage, preprocessForClip } from "../../packages/stages/src/images/index.ts"
import { type DiffusionModel, loadDiffusion } from "../../packages/stages/src/models/diffusion/index.ts"
import { readParameters } from "../../packages/stages/src/tensor/index.ts"
import {
  partsWith,
  SGD,
  TRACE_OPTIONS,
} from "../../packages/stages/src/training/diva/fixtures/reference-model.ts"
import { loadTrainingModel, type TrainingModel } from "../../packages/stages/src/training/diva/load-model.ts"
import { type MicroBatch, microBatchOf } from "../../packages/stages/src/training/diva/noise-loss.ts"
import { CLIP_STATISTICS } from "../../packages/stages/src/training/diva/views.ts"

/** A conditioned model with the weights that a training left, and the texts' side of its diffusion model. */
export interface StudiedModel extends TrainingModel {
  readonly diffusion: DiffusionModel
}

/**
 * Loads a model of condition/inject.
 *
 * @param checkpoint the output `checkpoint` of a training of it, whose weights take the place of its own
 */
export const loadStudied = async (folder: string, checkpoint?: string): Promise<StudiedModel> => {
  const loaded = await loadTrainingModel(folder, { ...TRACE_OPTIONS, parts: partsWith(SGD) })
  if (checkpoint !== undefined) {
    const weights = await readParameters(join(checkpoint, "weights.safetensors"))
    const known = new Set(loaded.trainable.names())
    for (const [name, value] of weights.entries()) if (known.has(name)) loaded.trainable.assign(name, value)
    weights.dispose()
  }
  return { ...loaded, diffusion: await loadDiffusion(join(folder, "diffusion")) }
}

/** A scene and its fine caption. */
export interface StudiedScene {
  readonly category: string
  readonly statement: string
  readonly crop: Float32Array
}

const SIZE = 64

const sceneOf = async (
  category: string,
  { statement, image }: BenchmarkPair["first"],
): Promise<StudiedScene> => {
  const picture = await openImage(await readFile(image))
  const crop = preprocessForClip(picture, { size: SIZE, ...CLIP_STATISTICS, mode: "shortest" })
  return { category, statement, crop }
}

/** Both scenes of each pair of a benchmark, pair by pair. */
export const readPairs = async (
  folder: string,
): Promise<ReadonlyArray<readonly [first: StudiedScene, second: StudiedScene]>> => {
  if (!existsSync(join(folder, "Questions.csv"))) throw new Error(`${folder} is no benchmark of pairs`)
  const pairs = await readPairsBenchmark(folder)
  return await Promise.all(
    pairs.map(
      async ({ category, first, second }) =>
        [await sceneOf(category, first), await sceneOf(category, second)] as const,
    ),
  )
}

/** [scenes, side, side, 3]: what CLIP sees. */
export const pixelsOf = (scenes: ReadonlyArray<StudiedScene>): tf.Tensor4D => {
  const values = new Float32Array(scenes.length * SIZE * SIZE * 3)
  for (const [index, { crop }] of scenes.entries()) values.set(crop, index * crop.length)
  return tf.tensor4d(values, [scenes.length, SIZE, SIZE, 3])
}

/** Both views of some scenes. */
export const viewsOf = ({ model }: StudiedModel, scenes: ReadonlyArray<StudiedScene>): MicroBatch => {
  const pixels = pixelsOf(scenes)
  const views = microBatchOf(model, pixels, { generative: "corrected" })
  pixels.dispose()
  return views
}

/** The same order for the same seed. */
export const shuffled = <A>(
  items: ReadonlyArray<A>,
  integer: (below: number) => number,
): ReadonlyArray<A> => {
  const left = [...items]
  return items.flatMap(() => left.splice(integer(left.length), 1))
}
