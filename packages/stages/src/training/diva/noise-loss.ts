import * as tf from "@tensorflow/tfjs-core"
import { type Condition, chooseTokens, joinText, tokenShares, towerTokens } from "../../condition/index.ts"
import type { ClipConfig } from "../../models/clip/index.ts"
import type { Autoencoder, UNetConfig } from "../../models/diffusion/index.ts"
import {
  embedTimesteps,
  latentMean,
  type NoiseSchedule,
  type NoiseShares,
  predictNoise,
  type UNet,
} from "../../models/diffusion/index.ts"
import { type RecordedComputation, withEarlyGradient } from "../../tensor/index.ts"
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
  readonly pixels: tf.Tensor
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
 * @param graphs where the computation is recorded, to be run as a whole from then on
 */
export const microBatchOf = (
  { clip, vae }: Pick<DivaModel, "clip" | "vae">,
  crops: tf.Tensor4D,
  { generative, statistics, latents }: ViewOptions,
  graphs?: RecordedComputation,
): MicroBatch => {
  const compute = () =>
    tf.tidy(() => [
      tf.clone(discriminativeView(crops, clip.vision.image_size, statistics)),
      latents === undefined ? latentMean(vae, generativeView(crops, generative)) : tf.clone(latents),
    ])
  const inputs = latents === undefined ? [crops] : [crops, latents]
  const [pixels = crops, made = crops] = graphs?.run("views", inputs, compute) ?? compute()
  return { pixels, latents: made }
}

/** What is random in a draw, as tensors. */
export interface DrawTensors {
  /** [batch, height, width, channels] */
  readonly noise: tf.Tensor
  /** How noisy the latents are. */
  readonly shares: NoiseShares
  /** Sines and cosines, [batch, width]. */
  readonly timesteps: tf.Tensor2D
  /** How much the condition tokens take of the tower's: [batch, tokens, 1 + patches]. */
  readonly tokens: tf.Tensor3D
}

/**
 * Tensors of a draw. The caller disposes of them.
 *
 * @param shape of the micro-batch's latents
 */
export const drawTensors = (
  { condition, schedule, unet }: Pick<DivaModel, "condition" | "schedule" | "unet">,
  { noise, timesteps, patches }: Draw,
  shape: ReadonlyArray<number>,
): DrawTensors => ({
  noise: tf.tensor(noise, [...shape]),
  shares: schedule.sharesAt(timesteps, shape.length),
  timesteps: embedTimesteps(unet, timesteps),
  tokens: tokenShares(condition, timesteps.length, patches),
})

/** All tensors of a draw. */
export const tensorsOf = ({ noise, shares, timesteps, tokens }: DrawTensors): ReadonlyArray<tf.Tensor> => [
  noise,
  shares.signal,
  shares.noisy,
  timesteps,
  tokens,
]

export interface LossOptions {
  readonly loss: NoiseLoss
  /** What the gradient will be taken with respect to. */
  readonly trained: ReadonlyArray<tf.Tensor>
}

/**
 * The noise-prediction loss of each draw: [draws].
 *
 * The draws share one pass through CLIP: the weights don't change between them, so the gradients are those of separate
 * passes. Through the UNet they go one after the other, forward and back, so that there is room for more images.
 */
export const lossesOfDraws = (
  model: DivaModel,
  microBatch: MicroBatch,
  draws: ReadonlyArray<DrawTensors>,
  { loss, trained }: LossOptions,
): tf.Tensor1D => {
  const { condition, text } = model
  const { clip, projector, denoiser } = model.weights()
  const tokens = towerTokens(condition, { config: model.clip, parameters: clip }, microBatch.pixels)
  const unet = { config: model.unet, parameters: denoiser }
  const weights = new Set(denoiser.entries().map(([, weight]) => weight))
  const trainedOfUNet = trained.filter((tensor) => weights.has(tensor))
  const losses = draws.map((draw) => {
    const chosen = chooseTokens(condition, tokens, draw.tokens)
    const context = joinText(condition, projector, chosen, mixedText(text, chosen))
    const compute = () => distance(predictionError(model, unet, microBatch.latents, draw, context), loss)
    return withEarlyGradient([context, ...trainedOfUNet], compute)
  })
  return tf.reshape<tf.Rank.R1>(tf.stack(losses), [draws.length])
}

/** How far the prediction is from what it should be: [batch, height, width, channels]. */
const predictionError = (
  { schedule }: DivaModel,
  unet: UNet,
  latents: tf.Tensor,
  { noise, shares, timesteps }: DrawTensors,
  context: tf.Tensor3D,
): tf.Tensor => {
  const noisy = schedule.addNoise(latents, noise, shares)
  return tf.sub(predictNoise(unet, noisy, timesteps, context), schedule.targetOf(latents, noise, shares))
}

const distance = (error: tf.Tensor, loss: NoiseLoss): tf.Scalar =>
  tf.mean<tf.Scalar>(loss === "mse" ? tf.square(error) : tf.abs(error))
