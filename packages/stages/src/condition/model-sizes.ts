import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { patchesOfSide, readClipConfig } from "../models/clip/index.ts"
import { parseAutoencoderConfig, parseUNetConfig } from "../models/diffusion/index.ts"
import type { ModelSizes } from "./designs/index.ts"

/**
 * Reads the sizes that a condition depends on from the configurations of both models; no weights are read.
 *
 * @throws StageFailure (permanent) when a configuration is missing or not understood
 */
export const readModelSizes = async (clip: string, diffusion: string): Promise<ModelSizes> => {
  const { config } = await readClip(clip)
  const unet = await configuration(join(diffusion, "unet/config.json"), (json) => ({
    ...parseUNetConfig(json),
    sampleSize: sizeOf(json, "sample_size"),
  }))
  const vae = await configuration(join(diffusion, "vae/config.json"), parseAutoencoderConfig)
  const textTokens = await configuration(join(diffusion, "text_encoder/config.json"), (json) =>
    sizeOf(json, "max_position_embeddings", 77),
  )
  return {
    imageSize: unet.sampleSize * 2 ** (vae.channels.length - 1),
    patches: patchesOfSide(config.vision) ** 2,
    towerWidth: config.vision.width,
    embedDim: config.embed_dim,
    contextWidth: unet.crossAttentionDim,
    textTokens,
  }
}

/**
 * Reads the configuration of a CLIP folder.
 *
 * @throws StageFailure (permanent) when it is missing or not understood
 */
export const readClip = (clip: string): ReturnType<typeof readClipConfig> =>
  understood(clip, () => readClipConfig(clip))

const configuration = <A>(file: string, parse: (json: unknown) => A): Promise<A> =>
  understood(file, async () => parse(JSON.parse(await readFile(file, "utf8"))))

const understood = async <A>(file: string, read: () => Promise<A>): Promise<A> => {
  try {
    return await read()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw permanent(`the model's configuration cannot be read: ${why}`, {
      file,
      hint: "`model` is a CLIP folder in open_clip's layout, `diffusion` a folder in diffusers' layout",
    })
  }
}

const sizeOf = (json: unknown, name: string, fallback?: number): number => {
  const fields = typeof json === "object" && json !== null ? new Map(Object.entries(json)) : new Map()
  const value: unknown = fields.get(name) ?? fallback
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_536) return value
  throw new Error(`${name} is ${JSON.stringify(value)}, not a whole number from 1`)
}
