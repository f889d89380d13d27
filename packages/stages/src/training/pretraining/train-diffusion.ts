import { writeFile } from "node:fs/promises"
import { permanent } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import { type ClipModel, loadClip, toHfTextConfig, toHfTextModel } from "../../models/clip/index.ts"
import {
  type Autoencoder,
  initialParameters,
  loadAutoencoder,
  NoiseSchedule,
  parseTextEncoderConfig,
  parseUNetConfig,
  predictNoise,
  promptStates,
  STABLE_DIFFUSION_SCHEDULE,
  saveDiffusion,
  type TextEncoder,
  type UNetConfig,
  unetConfigJson,
  unetShapes,
} from "../../models/diffusion/index.ts"
import { RandomStream } from "../../randomness/index.ts"
import { loadBackend, Parameters } from "../../tensor/index.ts"
import { adamW, TrainableParameters } from "../index.ts"
import { batchOrder } from "./batch-order.ts"
import { loadCaptionedImages } from "./captioned-images.ts"
import { conditionalLosses } from "./conditional-losses.ts"
import { encodeLatents, type LatentSet, latentTensor, splitLatents } from "./latent-set.ts"
import { breathe, type PretrainingContext } from "./pretraining-context.ts"
import { promptIds } from "./prompt-ids.ts"
import { prefixed } from "./sample-caption.ts"
import { logText } from "./training-log.ts"
import { planOf, runTraining } from "./training-loop.ts"

/** What `trainDiffusion` is told; the stage `train/diffusion` describes each. */
export interface TrainDiffusionInput {
  readonly data: ReadonlyArray<string>
  readonly clip: string
  readonly autoencoder: string
  readonly caption: string
  readonly prefix: string
  readonly "prefix-share": number
  readonly "empty-share": number
  readonly "held-out": number
  readonly channels: ReadonlyArray<number>
  readonly heads: ReadonlyArray<number>
  readonly "layers-per-block": number
  readonly groups: number
  readonly steps: number
  readonly batch: number
  readonly "learning-rate": number
  readonly warmup: number
  readonly "weight-decay": number
  readonly "checkpoint-every": number
  readonly seed: number
  readonly precision: "fp32" | "fp16"
}

const STAGE = "train/diffusion"

/** The parts that are not trained. */
interface Frozen {
  readonly clip: ClipModel
  readonly vae: Autoencoder
  readonly textEncoder: TextEncoder
  readonly schedule: NoiseSchedule
}

/**
 * Trains a UNet from nothing to predict the noise in latents of captioned images. Autoencoder and text encoder (the
 * text tower of the given CLIP) are frozen. Some captions are left empty, so that the model also knows images without
 * one. At the end it is measured on samples that it has not seen.
 *
 * @throws StageFailure when the data or a model cannot be used, the training diverges or is stopped
 */
export const trainDiffusion = async (
  input: TrainDiffusionInput,
  context: PretrainingContext<"weights" | "log" | "metrics">,
): Promise<void> => {
  await loadBackend()
  const frozen = await loadFrozen(input)
  const imageSize = frozen.clip.config.vision.image_size
  const config = configOf(input, frozen, imageSize)
  const data = await loadCaptionedImages(input.data, imageSize, input.caption)
  const latents = await encodeLatents(frozen.vae, data, input.batch, context.signal)
  const { training, heldOut } = splitLatents(latents, input["held-out"])
  const initial = initialParameters(unetShapes(config), input.seed, STAGE)
  const trainable = TrainableParameters.from(initial)
  initial.dispose()
  const optimiser = adamW({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: input["weight-decay"] })
  try {
    const unet = { config, parameters: trainable.parameters() }
    const loss = lossOf(input, frozen, unet, training)
    const log = await runTraining({ trainable, optimiser, loss }, planOf(input), context)
    await writeFile(context.outputs.log, logText(log))
    await breathe(context.signal)
    const losses = conditionalLosses({ unet, ...frozen, tokenizer: frozen.clip.tokenizer }, heldOut, {
      seed: input.seed,
      batch: input.batch,
    })
    await writeFile(context.outputs.metrics, `${JSON.stringify(losses, undefined, 2)}\n`)
    const parts = {
      ...frozen,
      unet,
      schedule: frozen.schedule.config,
      tokenizerFolder: input.clip,
      imageSize,
    }
    await saveDiffusion(context.outputs.weights, parts, input.precision === "fp16" ? "F16" : "F32")
  } finally {
    trainable.dispose()
    optimiser.dispose()
    for (const { parameters } of [frozen.clip, frozen.vae, frozen.textEncoder]) parameters.dispose()
  }
}

const loadFrozen = async (input: TrainDiffusionInput): Promise<Frozen> => {
  const clip = await loadClip(input.clip)
  const vae = await loadAutoencoder(input.autoencoder)
  const tensors = [...toHfTextModel(clip.config, clip.parameters)]
  const parameters = Parameters.of(new Map(tensors)).within("text_model")
  const config = parseTextEncoderConfig(toHfTextConfig(clip.config))
  return {
    clip,
    vae,
    textEncoder: { config, parameters },
    schedule: new NoiseSchedule(STABLE_DIFFUSION_SCHEDULE),
  }
}

const configOf = (
  input: TrainDiffusionInput,
  { vae, textEncoder }: Frozen,
  imageSize: number,
): UNetConfig => {
  const latentSize = imageSize / 2 ** (vae.config.channels.length - 1)
  const factor = 2 ** (input.channels.length - 1)
  if (!Number.isInteger(latentSize / factor)) {
    throw permanent(
      `latents of ${latentSize}×${latentSize} cannot be halved ${input.channels.length - 1} times`,
      {
        hint: "give the UNet fewer levels (channels)",
      },
    )
  }
  // As in Stable Diffusion, the deepest level has no attention but in the middle block.
  const attends = input.channels.map((_, level) => level < input.channels.length - 1)
  const config: UNetConfig = {
    inChannels: vae.config.latentChannels,
    outChannels: vae.config.latentChannels,
    channels: input.channels,
    layersPerBlock: input["layers-per-block"],
    transformerLayers: 1,
    heads: input.heads,
    crossAttentionDim: textEncoder.config.hiddenSize,
    groups: input.groups,
    epsilon: 1e-5,
    downAttention: attends,
    upAttention: attends.toReversed(),
    linearProjection: true,
    timestep: { flipSinToCos: true, frequencyShift: 0 },
  }
  // Reading back what will be written checks that the sizes fit one another.
  return parseUNetConfig(unetConfigJson(config, latentSize))
}

/** The loss of a step, from its number. */
const lossOf = (
  input: TrainDiffusionInput,
  { clip, textEncoder, schedule }: Frozen,
  unet: { readonly config: UNetConfig; readonly parameters: Parameters },
  data: LatentSet,
): ((step: number) => tf.Scalar) => {
  const examples = batchOrder(input.seed, STAGE, data.latents.length, input.batch)
  return (step) => {
    const chosen = examples(step)
    const latents = latentTensor(data, chosen)
    const noise = tf.tensor(
      RandomStream.named(input.seed, STAGE, "noise", step).normals(latents.size),
      latents.shape,
    )
    const timesteps = RandomStream.named(input.seed, STAGE, "timestep", step).integers(
      chosen.length,
      schedule.length,
    )
    const draws = RandomStream.named(input.seed, STAGE, "caption", step)
    const captions = Array.from(chosen, (index) => {
      const [empty, withPrefix] = [draws.uniform(), draws.uniform()]
      if (empty < input["empty-share"]) return ""
      return prefixed(data.captions[index] ?? "", input.prefix, input["prefix-share"], withPrefix)
    })
    const states = promptStates(textEncoder, promptIds(clip.tokenizer, captions))
    const predicted = predictNoise(unet, schedule.addNoise(latents, noise, timesteps), timesteps, states)
    return tf.reshape(tf.mean(tf.square(tf.sub(predicted, noise))), [])
  }
}
