import * as tf from "@tensorflow/tfjs-core"
import { type Condition, chooseTokens, joinText, towerTokens } from "../../condition/index.ts"
import type { ClipConfig } from "../../models/clip/index.ts"
import type { Autoencoder } from "../../models/diffusion/index.ts"
import { latentMean, type NoiseSchedule, predictNoise, type UNet } from "../../models/diffusion/index.ts"
import type { Parameters } from "../../tensor/index.ts"
import type { Draw } from "./draws.ts"
import type { GenerativeNormalisation, NoiseLoss } from "./options.ts"
import { discriminativeView, generativeView } from "./views.ts"

/** What the loss is computed with. Frozen all, but `trained`. */
export interface DivaModel {
  readonly condition: Condition
  readonly clip: ClipConfig
  /** The image tower by open_clip's names (`visual.…`) and the new layer (`visual_proj.weight`, `visual_proj.bias`). */
  readonly trained: Parameters
  readonly unet: UNet
  readonly vae: Autoencoder
  readonly schedule: NoiseSchedule
  /** States of the constant text, [1, textTokens, contextWidth]. */
  readonly text: tf.Tensor3D
}

/** What is fixed of a micro-batch whatever the weights are. */
export interface MicroBatch {
  /** What CLIP sees, [batch, size, size, 3]. */
  readonly pixels: tf.Tensor4D
  /** What the diffusion model starts from, [batch, height, width, channels]. */
  readonly latents: tf.Tensor
}

/**
 * Both views of a batch of crops. The caller disposes of them.
 *
 * @param crops [batch, side, side, 3], normalised with CLIP's mean and deviation
 */
export const microBatchOf = (
  { clip, vae }: Pick<DivaModel, "clip" | "vae">,
  crops: tf.Tensor4D,
  normalisation: GenerativeNormalisation,
): MicroBatch =>
  tf.tidy(() => ({
    pixels: tf.clone(discriminativeView(crops, clip.vision.image_size)),
    latents: latentMean(vae, generativeView(crops, normalisation)),
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
  const { condition, trained, text, unet, schedule } = model
  const tokens = towerTokens(condition, { config: model.clip, parameters: trained }, pixels)
  const chosen = draws.map(({ patches }) => chooseTokens(condition, tokens, patches))
  const context = joinText(condition, trained.within("visual_proj"), tf.concat(chosen, 0), text)
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
  const difference = tf.sub(predictNoise(unet, noisy, timesteps, context), target)
  const distance = loss === "mse" ? tf.square(difference) : tf.abs(difference)
  return tf.mean(tf.reshape(distance, [draws.length, -1]), 1)
}
