import { writeFile } from "node:fs/promises"
import { permanent } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import {
  type Autoencoder,
  type AutoencoderConfig,
  autoencoderConfigJson,
  autoencoderShapes,
  decodeUnscaled,
  encodeImages,
  initialParameters,
  parseAutoencoderConfig,
  saveAutoencoder,
} from "../../models/diffusion/index.ts"
import { RandomStream } from "../../randomness/index.ts"
import { loadBackend, type Parameters } from "../../tensor/index.ts"
import { adamW, TrainableParameters } from "../index.ts"
import { batchOrder } from "./batch-order.ts"
import { loadImages, SIGNED_UNIT, type TrainingImages } from "./captioned-images.ts"
import { imageTensor } from "./image-tensor.ts"
import { breathe, type PretrainingContext } from "./pretraining-context.ts"
import { logText } from "./training-log.ts"
import { planOf, runTraining } from "./training-loop.ts"

/** What `trainAutoencoder` is told; the stage `train/autoencoder` describes each. */
export interface TrainAutoencoderInput {
  readonly data: ReadonlyArray<string>
  readonly "image-size": number
  readonly channels: ReadonlyArray<number>
  readonly "layers-per-block": number
  readonly "latent-channels": number
  readonly groups: number
  readonly steps: number
  readonly batch: number
  readonly "learning-rate": number
  readonly warmup: number
  readonly "weight-decay": number
  readonly "squared-weight": number
  readonly "kl-weight": number
  readonly "checkpoint-every": number
  readonly seed: number
  readonly precision: "fp32" | "fp16"
}

const STAGE = "train/autoencoder"

/** Images from which the deviation of latents is measured. */
const MEASURED_IMAGES = 512

/**
 * Trains an AutoencoderKL from nothing: absolute and squared error of the reconstruction, and a small penalty on the
 * latents' distance from the standard normal distribution. At the end the latents' deviation becomes the scaling
 * factor.
 *
 * @throws StageFailure when the data cannot be used, the training diverges or is stopped
 */
export const trainAutoencoder = async (
  input: TrainAutoencoderInput,
  context: PretrainingContext<"weights" | "log">,
): Promise<void> => {
  await loadBackend()
  const config = configOf(input)
  const data = await loadImages(input.data, input["image-size"])
  await breathe(context.signal)
  const initial = initialParameters(autoencoderShapes(config), input.seed, STAGE)
  const trainable = TrainableParameters.from(initial)
  initial.dispose()
  const optimiser = adamW({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: input["weight-decay"] })
  try {
    const vae = { config, parameters: trainable.parameters() }
    const loss = lossOf(input, vae, data)
    const log = await runTraining({ trainable, optimiser, loss }, planOf(input), context)
    const scaled = { ...config, scalingFactor: scalingFactor(vae, data, input.batch) }
    await writeFile(context.outputs.log, logText(log))
    const dtype = input.precision === "fp16" ? "F16" : "F32"
    await saveAutoencoder(context.outputs.weights, { ...vae, config: scaled }, input["image-size"], dtype)
  } finally {
    trainable.dispose()
    optimiser.dispose()
  }
}

const configOf = (input: TrainAutoencoderInput): AutoencoderConfig => {
  const config = {
    channels: input.channels,
    layersPerBlock: input["layers-per-block"],
    latentChannels: input["latent-channels"],
    groups: input.groups,
    scalingFactor: 1,
    quantConv: true,
    postQuantConv: true,
    middleAttention: true,
  }
  const factor = 2 ** (input.channels.length - 1)
  if (input["image-size"] % factor !== 0) {
    throw permanent(
      `images of ${input["image-size"]} pixels cannot be halved ${input.channels.length - 1} times`,
      {
        hint: `Choose an image-size divisible by ${factor}, or fewer channels.`,
      },
    )
  }
  // Reading back what would be written checks that the sizes fit one another.
  return parseAutoencoderConfig(autoencoderConfigJson(config, input["image-size"]))
}

/** The loss of a step, from its number. */
const lossOf = (
  input: TrainAutoencoderInput,
  vae: Autoencoder,
  data: TrainingImages,
): ((step: number) => tf.Scalar) => {
  const examples = batchOrder(input.seed, STAGE, data.images.length, input.batch)
  return (step) => {
    const images = imageTensor(data, examples(step), SIGNED_UNIT)
    const { mean, logVariance } = encodeImages(vae, images)
    const noise = tf.tensor(
      RandomStream.named(input.seed, STAGE, "noise", step).normals(mean.size),
      mean.shape,
    )
    const latents = tf.add(mean, tf.mul(noise, tf.exp(tf.mul(logVariance, 0.5))))
    const difference = tf.sub(decodeUnscaled(vae, latents), images)
    const squared = tf.mul(tf.mean(tf.square(difference)), input["squared-weight"])
    const distance = tf.mul(divergence(mean, logVariance), input["kl-weight"])
    return tf.reshape(tf.add(tf.add(tf.mean(tf.abs(difference)), squared), distance), [])
  }
}

/** The Kullback–Leibler divergence of the latents from the standard normal distribution, a value each. */
const divergence = (mean: tf.Tensor, logVariance: tf.Tensor): tf.Tensor =>
  tf.mul(tf.mean(tf.sub(tf.add(tf.square(mean), tf.exp(logVariance)), tf.add(logVariance, 1))), 0.5)

/** 1 / the deviation of the latents' means, rounded to what a configuration shows. */
const scalingFactor = (
  vae: { readonly config: AutoencoderConfig; readonly parameters: Parameters },
  data: TrainingImages,
  batch: number,
): number => {
  const count = Math.min(MEASURED_IMAGES, data.images.length)
  let [sum, squares, values] = [0, 0, 0]
  for (let start = 0; start < count; start += batch) {
    const length = Math.min(batch, count - start)
    const indices = Int32Array.from({ length }, (_, index) =>
      Math.floor(((start + index) * data.images.length) / count),
    )
    const latents = tf.tidy(() => encodeImages(vae, imageTensor(data, indices, SIGNED_UNIT)).mean)
    for (const value of latents.dataSync<"float32">()) {
      sum += value
      squares += value * value
      values += 1
    }
    latents.dispose()
  }
  const deviation = Math.sqrt(Math.max(1e-12, squares / values - (sum / values) ** 2))
  return Number((1 / deviation).toPrecision(5))
}
