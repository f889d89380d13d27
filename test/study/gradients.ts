import * as tf from "@tensorflow/tfjs-core"
import { imageFeatures, textFeatures } from "../../packages/stages/src/models/clip/index.ts"
import { drawAt } from "../../packages/stages/src/training/diva/draws.ts"
import { backward } from "../../packages/stages/src/training/diva/step.ts"
import { pixelsOf, type StudiedModel, type StudiedScene, viewsOf } from "./model.ts"

/** A gradient with respect to the image tower, as one row of numbers. */
export type Gradient = Float32Array

const towerNames = ({ trainable }: StudiedModel): ReadonlyArray<string> =>
  trainable.names().filter((name) => name.startsWith("visual."))

const rowOf = (gradients: ReadonlyMap<string, tf.Tensor>): Gradient => {
  const parts = [...gradients.values()].map((gradient) => gradient.dataSync<"float32">())
  const row = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    row.set(part, at)
    at += part.length
  }
  tf.dispose([...gradients.values()])
  return row
}

/** The gradients of the noise-prediction loss of some scenes, one for each draw. */
export const noiseGradients = (
  studied: StudiedModel,
  scenes: ReadonlyArray<StudiedScene>,
  { seed, step, draws }: { readonly seed: number; readonly step: number; readonly draws: number },
): ReadonlyArray<Gradient> => {
  const { model, condition, trainable } = studied
  const views = viewsOf(studied, scenes)
  const sizes = { timesteps: model.schedule.length, latent: views.latents.shape.slice(1) }
  const gradients = Array.from({ length: draws }, (_, index) => {
    const draw = drawAt(condition, seed, { step, first: 0, count: scenes.length }, index, sizes)
    const how = { names: towerNames(studied), weights: [1], loss: "mse", checkpoints: false } as const
    return rowOf(backward(model, trainable, views, [draw], how).gradients)
  })
  tf.dispose([views.pixels, views.latents])
  return gradients
}

const unit = (x: tf.Tensor2D): tf.Tensor2D => tf.div(x, tf.norm(x, "euclidean", 1, true))

const BATCH = 60

/**
 * The gradient of what the benchmark of pairs asks for, made smooth: −log of the share that each statement gives its own
 * image of the two.
 */
export const pairGradient = (
  studied: StudiedModel,
  pairs: ReadonlyArray<readonly [StudiedScene, StudiedScene]>,
): Gradient =>
  meanGradient(studied, pairs, (batch, features) => {
    const [first, second] = [batch.map(([scene]) => scene), batch.map(([, scene]) => scene)]
    const images = [features.images(first), features.images(second)] as const
    const texts = [features.texts(first), features.texts(second)] as const
    const apart = tf.sub(images[0], images[1])
    const margin = (text: tf.Tensor2D) => tf.mul(tf.sum(tf.mul(text, apart), 1), features.scale)
    return tf.mean<tf.Scalar>(tf.softplus(tf.concat([tf.neg(margin(texts[0])), margin(texts[1])])))
  })

/** The gradient of CLIP's own loss, images against texts, on scenes with their fine captions. */
export const alignmentGradient = (studied: StudiedModel, scenes: ReadonlyArray<StudiedScene>): Gradient =>
  meanGradient(studied, scenes, (batch, features) => {
    const logits = tf.mul<tf.Tensor2D>(
      tf.matMul(features.images(batch), features.texts(batch), false, true),
      features.scale,
    )
    const own = tf.eye(batch.length)
    const loss = (scores: tf.Tensor2D) => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(scores), own), 1)))
    return tf.div<tf.Scalar>(tf.add(loss(logits), loss(tf.transpose<tf.Tensor2D>(logits))), 2)
  })

interface Features {
  readonly images: (scenes: ReadonlyArray<StudiedScene>) => tf.Tensor2D
  readonly texts: (scenes: ReadonlyArray<StudiedScene>) => tf.Tensor2D
  readonly scale: number
}

const meanGradient = <A>(
  studied: StudiedModel,
  items: ReadonlyArray<A>,
  lossOf: (batch: ReadonlyArray<A>, features: Features) => tf.Scalar,
): Gradient => {
  const { clip, model, trainable } = studied
  const features: Features = {
    images: (scenes) => unit(imageFeatures(model.clip, model.weights().clip, pixelsOf(scenes))),
    texts: (scenes) => {
      const statements = scenes.map(({ statement }) => `a photo of ${statement}`)
      return unit(textFeatures(clip.config, clip.parameters, clip.tokenizer.encode(statements)))
    },
    scale: clip.logitScale,
  }
  let sum: Gradient | undefined
  for (let at = 0; at < items.length; at += BATCH) {
    const batch = items.slice(at, at + BATCH)
    const { loss, gradients } = trainable.gradients(() => lossOf(batch, features), towerNames(studied))
    loss.dispose()
    const row = rowOf(gradients)
    const share = batch.length / items.length
    const total: Gradient = sum ?? new Float32Array(row.length)
    for (const [index, value] of row.entries()) total[index] = (total[index] ?? 0) + share * value
    sum = total
  }
  return sum ?? new Float32Array()
}

/** The sum of products, in double precision. */
export const product = (a: Gradient, b: Gradient): number => {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0)
  return sum
}

const length = (a: Gradient): number => Math.sqrt(product(a, a))

export const cosine = (a: Gradient, b: Gradient): number => product(a, b) / (length(a) * length(b))

export const meanOf = (rows: ReadonlyArray<Gradient>): Gradient => {
  const sum = new Float32Array(rows[0]?.length ?? 0)
  for (const row of rows)
    for (const [index, value] of row.entries()) sum[index] = (sum[index] ?? 0) + value / rows.length
  return sum
}
