import * as tf from "@tensorflow/tfjs-core"
import type { TextTokenizer } from "../../models/clip/index.ts"
import {
  type NoiseSchedule,
  predictNoise,
  promptStates,
  type TextEncoder,
  type UNet,
} from "../../models/diffusion/index.ts"
import { RandomStream } from "../../randomness/index.ts"
import { type LatentSet, latentTensor } from "./latent-set.ts"
import { promptIds } from "./prompt-ids.ts"

/** Noise prediction losses on samples that training has not seen, with the same noise and timesteps for each. */
export interface ConditionalLosses {
  readonly kind: "diffusion-losses"
  readonly samples: number
  /** Timesteps drawn for each sample. */
  readonly draws: number
  /** Mean squared error with the sample's own caption, with that of another sample, and with none. */
  readonly loss: { readonly conditional: number; readonly mismatched: number; readonly unconditional: number }
}

interface Measuring {
  readonly unet: UNet
  readonly textEncoder: TextEncoder
  readonly tokenizer: TextTokenizer
  readonly schedule: NoiseSchedule
}

/** Timesteps drawn for each sample, one from each eighth of the schedule. */
const DRAWS = 8

/** How much the condition tells the model. */
export const conditionalLosses = (
  model: Measuring,
  data: LatentSet,
  { seed, batch }: { readonly seed: number; readonly batch: number },
): ConditionalLosses => {
  const others = otherCaptions(data.captions)
  const sums = { conditional: 0, mismatched: 0, unconditional: 0 }
  const samples = data.latents.length
  for (let start = 0; start < samples; start += batch) {
    const indices = Int32Array.from({ length: Math.min(batch, samples - start) }, (_, index) => start + index)
    const prompts = {
      conditional: Array.from(indices, (index) => data.captions[index] ?? ""),
      mismatched: Array.from(indices, (index) => others[index] ?? ""),
      unconditional: Array.from(indices, () => ""),
    }
    for (let draw = 0; draw < DRAWS; draw++) {
      for (const name of ["conditional", "mismatched", "unconditional"] as const) {
        const stream = RandomStream.named(seed, "train/diffusion", "held-out", start, draw)
        sums[name] += summedLoss(model, latentsAt(data, indices), prompts[name], stream, draw)
      }
    }
  }
  const mean = (sum: number) => sum / (samples * DRAWS)
  return {
    kind: "diffusion-losses",
    samples,
    draws: DRAWS,
    loss: {
      conditional: mean(sums.conditional),
      mismatched: mean(sums.mismatched),
      unconditional: mean(sums.unconditional),
    },
  }
}

const latentsAt = (data: LatentSet, indices: Int32Array) => () => latentTensor(data, indices)

/** The sum over the images of their mean squared errors. */
const summedLoss = (
  { unet, textEncoder, tokenizer, schedule }: Measuring,
  latents: () => tf.Tensor4D,
  prompts: ReadonlyArray<string>,
  stream: RandomStream,
  draw: number,
): number => {
  const eighth = Math.floor(schedule.length / DRAWS)
  const timesteps = stream.integers(prompts.length, eighth).map((timestep) => timestep + draw * eighth)
  const loss = tf.tidy(() => {
    const clean = latents()
    const noise = tf.tensor(stream.normals(clean.size), clean.shape)
    const states = promptStates(textEncoder, promptIds(tokenizer, prompts))
    const predicted = predictNoise(unet, schedule.addNoise(clean, noise, timesteps), timesteps, states)
    return tf.mul(tf.mean(tf.square(tf.sub(predicted, noise))), prompts.length)
  })
  const value = loss.dataSync()[0] ?? Number.NaN
  loss.dispose()
  return value
}

/** For each caption the next one that differs from it; itself when all are equal. */
const otherCaptions = (captions: ReadonlyArray<string>): ReadonlyArray<string> =>
  captions.map((caption, index) => {
    const following = [...captions.slice(index + 1), ...captions.slice(0, index)]
    return following.find((other) => other !== caption) ?? caption
  })
