import * as tf from "@tensorflow/tfjs-core"
import { type Condition, conditionTokens, drawPatches, joinText } from "../../condition/index.ts"
import type { Raster } from "../../images/index.ts"
import { decodeLatents, type NoiseSchedule, predictNoise } from "../../models/diffusion/index.ts"
import { RandomStream } from "../../randomness/index.ts"
import type { DivaModel } from "./noise-loss.ts"
import { mixedText } from "./text-condition.ts"
import type { Weights } from "./trained-model.ts"

export interface SampleOptions {
  /** Steps from noise to picture. */
  readonly steps: number
  /** Of noise and drawn patches: the same before and after a training. */
  readonly seed: number
}

/**
 * What the diffusion model makes of the condition of some pictures, from noise alone: DDIM without new noise (Song et
 * al., 2021). Side by side in one picture.
 *
 * @param pixels what CLIP sees, [count, height, width, 3]
 * @param latents [height, width, channels] of a picture's latents
 */
export const samplePictures = (
  model: Omit<DivaModel, "weights">,
  { clip, projector, denoiser }: Weights,
  { pixels, latents }: { readonly pixels: tf.Tensor; readonly latents: ReadonlyArray<number> },
  { steps, seed }: SampleOptions,
): Raster => {
  const { condition, schedule, text } = model
  const [count] = pixels.shape
  const context = tf.tidy(() => {
    const tower = { config: model.clip, parameters: clip }
    const tokens = conditionTokens(condition, tower, pixels, drawnFor(condition, count, seed))
    return joinText(condition, projector, tokens, mixedText(text, tokens))
  })
  const shape = [count, ...latents]
  const size = shape.reduce((product, length) => product * length, 1)
  let x = tf.tensor(RandomStream.named(seed, "train/diva", "picture", "noise").normals(size), shape)
  for (let step = steps; step > 0; step--) {
    const [from, to] = [timestepOf(schedule, step, steps), timestepOf(schedule, step - 1, steps)]
    const unet = { config: model.unet, parameters: denoiser }
    const next = tf.tidy(() => {
      const predicted = predictNoise(unet, x, new Int32Array(count).fill(from), context)
      return towards(schedule, x, predicted, from, to)
    })
    x.dispose()
    x = next
  }
  const picture = tf.tidy(() => sideBySide(decodeLatents(model.vae, x)))
  const raster = rasterOf(picture)
  tf.dispose([x, context, picture])
  return raster
}

/** A picture [height, width, 3] in 0…1. */
export const rasterOf = (picture: tf.Tensor): Raster => {
  const [height = 0, width = 0] = picture.shape
  return {
    width,
    height,
    data: Uint8Array.from(picture.dataSync<"float32">(), (value) => Math.round(255 * value)),
  }
}

const drawnFor = (condition: Condition, count: number, seed: number): Int32Array =>
  drawPatches(condition, RandomStream.named(seed, "train/diva", "picture", "patches"), count)

/** Evenly spread timesteps, from the last one down; −1 is the picture without noise. */
const timestepOf = (schedule: NoiseSchedule, step: number, steps: number): number =>
  Math.round((step * schedule.length) / steps) - 1

/** One step with what the UNet predicted: the noise, or the velocity. */
const towards = (
  schedule: NoiseSchedule,
  x: tf.Tensor,
  predicted: tf.Tensor,
  from: number,
  to: number,
): tf.Tensor => {
  const signal = Math.sqrt(schedule.alphaAt(from))
  const noisy = Math.sqrt(1 - schedule.alphaAt(from))
  const isNoise = schedule.config.prediction === "epsilon"
  const noise = isNoise ? predicted : tf.add(tf.mul(predicted, signal), tf.mul(x, noisy))
  const clean = isNoise
    ? tf.div(tf.sub(x, tf.mul(predicted, noisy)), signal)
    : tf.sub(tf.mul(x, signal), tf.mul(predicted, noisy))
  const alpha = to < 0 ? 1 : schedule.alphaAt(to)
  return tf.add(tf.mul(clean, Math.sqrt(alpha)), tf.mul(noise, Math.sqrt(1 - alpha)))
}

/** Pictures [count, height, width, 3] in −1…1 as one [height, count·width, 3] in 0…1. */
export const sideBySide = (pictures: tf.Tensor): tf.Tensor => {
  const [count = 0, height = 0, width = 0, channels = 0] = pictures.shape
  const row = tf.reshape(tf.transpose(pictures, [1, 0, 2, 3]), [height, count * width, channels])
  return tf.clipByValue(tf.div(tf.add(row, 1), 2), 0, 1)
}
