import * as tf from "@tensorflow/tfjs-core"
import { type Condition, chooseTokens, joinText, towerTokens } from "../../condition/index.ts"
import type { ClipConfig } from "../../models/clip/index.ts"
import type { Autoencoder, UNetConfig } from "../../models/diffusion/index.ts"
import { latentMean, type NoiseSchedule, predictNoise } from "../../models/diffusion/index.ts"
import type { Draw } from "./draws.ts"
import type { GenerativeNormalisation, NoiseLoss } from "./options.ts"
import { mixedText, type TextCondition } from "./text-condition.ts"
import type { Weights } from "./trained-model.ts"
import { type ChannelStatistics, discriminativeView, generativeView } from "./views.ts"

/** What the loss is computed with. All is constant but the weights. */
export interface DivaModel {
  readonly condition: Condition
  readonly clip: ClipConfig
  readonly unet: UNetConfig
  readonly vae: Autoencoder
  readonly schedule: NoiseSchedule
  readonly text: TextCondition
  /** The present weights. */
  readonly weights: () => Weights
}

/** What is fixed of some images whatever the weights are. */
export interface MicroBatch {
  /** What CLIP sees, [batch, size, size, 3]. */
  readonly pixels: tf.Tensor4D
  /** What the diffusion model starts from, [batch, height, width, channels]. */
  readonly latents: tf.Tensor
}

export interface ViewOptions {
  readonly generative: GenerativeNormalisation
  /** What the discriminative view is normalised with, where that isn't CLIP's mean and deviation. */
  readonly statistics?: ChannelStatistics | undefined
  /** The crops' latents, where they are known; [batch, height, width, channels]. */
  readonly latents?: tf.Tensor | undefined
}

/**
 * Both views of a batch of crops. The caller disposes of them.
 *
 * @param crops [batch, side, side, 3], normalised with CLIP's mean and deviation
 */
export const microBatchOf = (
  { clip, vae }: Pick<DivaModel, "clip" | "vae">,
  crops: tf.Tensor4D,
  { generative, statistics, latents }: ViewOptions,
): MicroBatch =>
  tf.tidy(() => ({
    pixels: tf.clone(discriminativeView(crops, clip.vision.image_size, statistics)),
    latents: latents === undefined ? latentMean(vae, generativeView(crops, generative)) : tf.clone(latents),
  }))

/**
 * The noise-prediction loss of each draw: [draws].
 *
 * The draws share one pass through CLIP and go through the UNet as one batch: the weights don't change between them, so
 * the gradients are those of separate passes.
 */
export const lossesOfDraws = (
  model: DivaModel,
  { pixels, latents }: MicroBatch,
  draws: ReadonlyArray<Draw>,
  loss: NoiseLoss,
): tf.Tensor1D => {
  const { condition, text, schedule } = model
  const { clip, projector, denoiser } = model.weights()
  const tokens = towerTokens(condition, { config: model.clip, parameters: clip }, pixels)
  const chosen = tf.concat(
    draws.map(({ patches }) => chooseTokens(condition, tokens, patches)),
    0,
  )
  const context = joinText(condition, projector, chosen, mixedText(text, chosen))
  const shape = latents.shape
  const noise = tf.concat(
    draws.map((draw) => tf.tensor(draw.noise, shape)),
    0,
  )
  const timesteps = Int32Array.from(draws.flatMap((draw) => [...draw.timesteps]))
  const clean = tf.concat(
    draws.map(() => latents),
    0,
  )
  const noisy = schedule.addNoise(clean, noise, timesteps)
  const target = schedule.targetOf(clean, noise, timesteps)
  const unet = { config: model.unet, parameters: denoiser }
  const difference = tf.sub(predictNoise(unet, noisy, timesteps, context), target)
  const distance = loss === "mse" ? tf.square(difference) : tf.abs(difference)
  return tf.mean(tf.reshape(distance, [draws.length, -1]), 1)
}
