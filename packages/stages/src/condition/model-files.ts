import { constants, copyFile, mkdir, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { findClipFiles, sentencePieceFiles, TOKENIZER_FILES, WEIGHTS_FILE } from "../models/clip/index.ts"
import { diffusionWeights } from "../models/diffusion/index.ts"

/** What training needs of a diffusion model's folder beside the weights. */
const DIFFUSION_FILES: ReadonlyArray<string> = [
  "unet/config.json",
  "vae/config.json",
  "text_encoder/config.json",
  "tokenizer/vocab.json",
  "tokenizer/merges.txt",
  "scheduler/scheduler_config.json",
]

/** Copies a CLIP folder's files, of whatever layout. Fails permanently when there are no weights or no words. */
export const copyClip = async (from: string, to: string): Promise<void> => {
  const found = (await findClipFiles(from)) ?? [WEIGHTS_FILE]
  const pieces = sentencePieceFiles(found)
  const words = pieces.some((name) => found.includes(name)) ? pieces : TOKENIZER_FILES
  const files = [...found, ...words.filter((name) => !found.includes(name))]
  await copyFiles("CLIP model", files, from, to)
}

/** Copies a diffusion model's files. Fails permanently when one is missing. */
export const copyDiffusion = async (from: string, to: string): Promise<void> => {
  await copyFiles("diffusion model", DIFFUSION_FILES, from, to)
  for (const part of ["unet", "vae", "text_encoder"] as const) {
    const weights = await diffusionWeights(from, part)
    const files = weights.map((name) => `${part}/${name}`)
    await copyFiles("diffusion model", files, from, to)
  }
}

/** Copies, sharing the blocks on disk where the file system can: links would let later edits reach the copy. */
const copyFiles = async (
  what: string,
  files: ReadonlyArray<string>,
  from: string,
  to: string,
): Promise<void> => {
  for (const name of files) {
    const found = await stat(join(from, name)).catch(() => undefined)
    if (found?.isFile() !== true) {
      throw permanent(`the ${what} is incomplete: it has no ${name}`, {
        file: from,
        hint: "give a folder of weights/fetch, or one in the layout of open_clip (CLIP) or diffusers",
      })
    }
    await mkdir(dirname(join(to, name)), { recursive: true })
    await copyFile(join(from, name), join(to, name), constants.COPYFILE_FICLONE)
  }
}
