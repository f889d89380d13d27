import { copyFile, mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Parameters, writeParameters } from "../../tensor/index.ts"
import type { Autoencoder } from "./autoencoder.ts"
import { autoencoderConfigJson } from "./autoencoder-config.ts"
import { type ScheduleConfig, scheduleConfigJson } from "./schedule-config.ts"
import type { TextEncoder } from "./text-encoder.ts"
import { textEncoderConfigJson } from "./text-encoder-config.ts"
import type { UNet } from "./unet.ts"
import { unetConfigJson } from "./unet-config.ts"

/** What a folder in diffusers' layout is made of. */
export interface DiffusionParts {
  readonly unet: UNet
  readonly vae: Autoencoder
  readonly textEncoder: TextEncoder
  readonly schedule: ScheduleConfig
  /** Where `vocab.json` and `merges.txt` are copied from. */
  readonly tokenizerFolder: string
  /** Pixels of a side of the images that the model was trained on. */
  readonly imageSize: number
}

type Precision = "F32" | "F16"

/** Writes a model in diffusers' folder layout; float weights in the given precision. */
export const saveDiffusion = async (
  folder: string,
  parts: DiffusionParts,
  dtype: Precision,
): Promise<void> => {
  const latentSize = parts.imageSize / 2 ** (parts.vae.config.channels.length - 1)
  await saveUNet(join(folder, "unet"), parts.unet, latentSize, dtype)
  await saveAutoencoder(join(folder, "vae"), parts.vae, parts.imageSize, dtype)
  await saveTextEncoder(join(folder, "text_encoder"), parts.textEncoder, dtype)
  await mkdir(join(folder, "tokenizer"), { recursive: true })
  for (const name of ["vocab.json", "merges.txt"]) {
    await copyFile(join(parts.tokenizerFolder, name), join(folder, "tokenizer", name))
  }
  await writeJson(join(folder, "scheduler"), "scheduler_config.json", scheduleConfigJson(parts.schedule))
  await writeJson(folder, "model_index.json", MODEL_INDEX)
}

/** Writes diffusers' `unet` folder. */
export const saveUNet = async (
  folder: string,
  unet: UNet,
  latentSize: number,
  dtype: Precision,
): Promise<void> => {
  await writeJson(folder, "config.json", unetConfigJson(unet.config, latentSize))
  await writeParameters(join(folder, "diffusion_pytorch_model.safetensors"), unet.parameters, {
    dtype,
    metadata: METADATA,
  })
}

/** Writes diffusers' `vae` folder. */
export const saveAutoencoder = async (
  folder: string,
  vae: Autoencoder,
  imageSize: number,
  dtype: Precision,
): Promise<void> => {
  await writeJson(folder, "config.json", autoencoderConfigJson(vae.config, imageSize))
  await writeParameters(join(folder, "diffusion_pytorch_model.safetensors"), vae.parameters, {
    dtype,
    metadata: METADATA,
  })
}

/** Writes a `text_encoder` folder as transformers does. */
export const saveTextEncoder = async (
  folder: string,
  textEncoder: TextEncoder,
  dtype: Precision,
): Promise<void> => {
  await writeJson(folder, "config.json", textEncoderConfigJson(textEncoder.config))
  // All versions of transformers read these names; only later ones read them without the prefix.
  const named = textEncoder.parameters
    .entries()
    .map(([name, tensor]) => [`text_model.${name}`, tensor] as const)
  await writeParameters(join(folder, "model.safetensors"), Parameters.of(new Map(named)), {
    dtype,
    metadata: METADATA,
  })
}

/** Readers of the Python libraries ask for it. */
const METADATA = { format: "pt" }

const MODEL_INDEX = {
  _class_name: "StableDiffusionPipeline",
  feature_extractor: [null, null],
  safety_checker: [null, null],
  scheduler: ["diffusers", "DDIMScheduler"],
  text_encoder: ["transformers", "CLIPTextModel"],
  tokenizer: ["transformers", "CLIPTokenizer"],
  unet: ["diffusers", "UNet2DConditionModel"],
  vae: ["diffusers", "AutoencoderKL"],
}

const writeJson = async (folder: string, name: string, value: unknown): Promise<void> => {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, name), `${JSON.stringify(value, undefined, 2)}\n`)
}
