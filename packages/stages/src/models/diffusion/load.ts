import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { Tokenizer } from "../clip/index.ts"
import type { Autoencoder } from "./autoencoder.ts"
import { parseAutoencoderConfig } from "./autoencoder-config.ts"
import { autoencoderShapes } from "./autoencoder-shapes.ts"
import { readConfiguration, reading, readWeights } from "./model-files.ts"
import { NoiseSchedule } from "./noise-schedule.ts"
import { parseScheduleConfig } from "./schedule-config.ts"
import type { TextEncoder } from "./text-encoder.ts"
import { parseTextEncoderConfig } from "./text-encoder-config.ts"
import { textEncoderShapes } from "./text-encoder-shapes.ts"
import type { UNet } from "./unet.ts"
import { parseUNetConfig } from "./unet-config.ts"
import { unetShapes } from "./unet-shapes.ts"
import { DIFFUSERS_NAMES, TRANSFORMERS_NAMES } from "./weights-files.ts"

/** A text-to-image diffusion model of Stable Diffusion's structure. */
export interface DiffusionModel {
  readonly unet: UNet
  readonly vae: Autoencoder
  readonly textEncoder: TextEncoder
  readonly tokenizer: Tokenizer
  readonly schedule: NoiseSchedule
  /** Releases the memory of all weights. */
  readonly dispose: () => void
}

/**
 * Reads a model in diffusers' folder layout. The backend must be loaded before.
 *
 * @throws StageFailure (permanent) when a file is missing, is damaged, or does not fit its configuration
 */
export const loadDiffusion = async (folder: string): Promise<DiffusionModel> => {
  const schedule = await loadSchedule(join(folder, "scheduler"))
  const loaded: Array<{ readonly parameters: { readonly dispose: () => void } }> = []
  const dispose = () => {
    for (const { parameters } of loaded) parameters.dispose()
  }
  try {
    const textEncoder = await loadTextEncoder(join(folder, "text_encoder"))
    loaded.push(textEncoder)
    const tokenizer = await loadTokenizer(join(folder, "tokenizer"), textEncoder)
    const vae = await loadAutoencoder(join(folder, "vae"))
    loaded.push(vae)
    const unet = await loadUNet(join(folder, "unet"))
    loaded.push(unet)
    checkTogether(folder, unet, vae, textEncoder)
    return { unet, vae, textEncoder, tokenizer, schedule, dispose }
  } catch (error) {
    dispose()
    throw error
  }
}

/** Reads diffusers' `unet` folder. */
export const loadUNet = async (folder: string): Promise<UNet> => {
  const config = await readConfiguration(join(folder, "config.json"), parseUNetConfig)
  const shapes = unetShapes(config)
  return { config, parameters: await readWeights(folder, { wanted: "unet", names: DIFFUSERS_NAMES, shapes }) }
}

/** Reads diffusers' `vae` folder. */
export const loadAutoencoder = async (folder: string): Promise<Autoencoder> => {
  const config = await readConfiguration(join(folder, "config.json"), parseAutoencoderConfig)
  const weights = { wanted: "autoencoder", names: DIFFUSERS_NAMES, rename: currentName } as const
  return { config, parameters: await readWeights(folder, { ...weights, shapes: autoencoderShapes(config) }) }
}

/** Reads a `text_encoder` folder. */
export const loadTextEncoder = async (folder: string): Promise<TextEncoder> => {
  const config = await readConfiguration(join(folder, "config.json"), parseTextEncoderConfig)
  // Before its version 5, transformers put this before every name.
  const rename = (name: string) => name.replace(/^text_model\./, "")
  const weights = { wanted: "text-encoder", names: TRANSFORMERS_NAMES, rename } as const
  return { config, parameters: await readWeights(folder, { ...weights, shapes: textEncoderShapes(config) }) }
}

/** Reads diffusers' `scheduler` folder. */
export const loadSchedule = async (folder: string): Promise<NoiseSchedule> =>
  new NoiseSchedule(await readConfiguration(join(folder, "scheduler_config.json"), parseScheduleConfig))

const loadTokenizer = async (folder: string, { config }: TextEncoder): Promise<Tokenizer> => {
  const tokenizer = await reading(folder, () => Tokenizer.fromFolder(folder, config.contextLength))
  if (tokenizer.size <= config.vocabularySize) return tokenizer
  throw unfit(
    folder,
    `the tokenizer has ${tokenizer.size} tokens, the text encoder knows ${config.vocabularySize}`,
  )
}

/** Files written before diffusers 0.15 name the layers of the autoencoder's attention by other words. */
const currentName = (name: string): string =>
  name.replace(
    /(mid_block\.attentions\.0)\.(query|key|value|proj_attn)\./,
    (_, block: string, part: string) => `${block}.${OLD_NAMES.get(part) ?? part}.`,
  )

const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ["query", "to_q"],
  ["key", "to_k"],
  ["value", "to_v"],
  ["proj_attn", "to_out.0"],
])

const checkTogether = (folder: string, unet: UNet, vae: Autoencoder, textEncoder: TextEncoder): void => {
  const [context, states] = [unet.config.crossAttentionDim, textEncoder.config.hiddenSize]
  if (context !== states) {
    throw unfit(
      folder,
      `the UNet takes a condition of width ${context}, the text encoder's states have ${states}`,
    )
  }
  const [inputs, latents] = [unet.config.inChannels, vae.config.latentChannels]
  if (inputs !== latents) {
    throw unfit(folder, `the UNet takes latents of ${inputs} channels, the autoencoder's have ${latents}`)
  }
}

const unfit = (folder: string, why: string) =>
  permanent(`the parts of the diffusion model do not fit together: ${why}`, {
    file: folder,
    hint: "unet, vae, text_encoder and tokenizer must come from one model",
  })
