import { copyFile, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Parameters, writeParameters } from "../../tensor/index.ts"
import { CONFIG_FILE, TOKENIZER_FILES, WEIGHTS_FILE } from "./clip-folder.ts"
import type { ClipConfig } from "./config.ts"
import type { ClipPreprocess } from "./preprocess-config.ts"
import { sentencePieceFiles } from "./siglip-tokenizer.ts"

/** What is written of a model. */
export interface ClipToSave {
  readonly config: ClipConfig
  readonly parameters: Parameters
  /** The folder whose tokenizer's files are copied; it may be the target itself. */
  readonly tokenizerFolder: string
  readonly preprocess: ClipPreprocess
}

export interface SaveOptions {
  /** The type of the weights in the file; F32 when absent. */
  readonly dtype?: "F32" | "F16"
}

/**
 * Writes a CLIP folder in open_clip's hub layout. Each file appears at once and whole; the configuration comes last, so
 * that a folder with one is complete.
 */
export const saveClip = async (
  folder: string,
  { config, parameters, tokenizerFolder, preprocess }: ClipToSave,
  { dtype = "F32" }: SaveOptions = {},
): Promise<void> => {
  await mkdir(folder, { recursive: true })
  const configFile = join(folder, CONFIG_FILE)
  await rm(configFile, { force: true })
  const tokenizerFiles =
    config.text.hf_tokenizer_name === undefined
      ? TOKENIZER_FILES
      : sentencePieceFiles(await readdir(tokenizerFolder))
  for (const name of tokenizerFiles) {
    await appear(join(folder, name), (partial) => copyFile(join(tokenizerFolder, name), partial))
  }
  await writeParameters(join(folder, WEIGHTS_FILE), parameters, { dtype, metadata: { format: "pt" } })
  const json = `${JSON.stringify(hubConfig(config, preprocess), undefined, 2)}\n`
  await appear(configFile, (partial) => writeFile(partial, json))
}

const appear = async (file: string, write: (partial: string) => Promise<void>): Promise<void> => {
  const partial = `${file}.${process.pid}.partial`
  try {
    await write(partial)
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

const hubConfig = ({ quick_gelu, vision, text, ...model }: ClipConfig, preprocess: ClipPreprocess) => ({
  model_cfg: {
    ...model,
    ...(quick_gelu ? { quick_gelu } : {}),
    vision_cfg:
      vision.timm_model_name === undefined
        ? vision
        : { ...vision, timm_model_pretrained: false, timm_pool: "map", timm_proj: "none" },
    text_cfg: text,
  },
  preprocess_cfg: {
    mean: preprocess.mean,
    std: preprocess.std,
    interpolation: preprocess.interpolation ?? "bicubic",
    resize_mode: preprocess.mode,
  },
})
