import { constants, copyFile, mkdir, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { findClipFiles, sentencePieceFiles, TOKENIZER_FILES, WEIGHTS_FILE } from "../models/clip/index.ts"

/** A file of a model folder; where it may go by several names, one of them is enough. */
type FileNames = readonly [string, ...ReadonlyArray<string>]

const weights = (folder: string, name: string): FileNames => [
  `${folder}/${name}.safetensors`,
  `${folder}/${name}.fp16.safetensors`,
]

/** What training needs of a diffusion model's folder. */
const DIFFUSION_FILES: ReadonlyArray<FileNames> = [
  ["unet/config.json"],
  weights("unet", "diffusion_pytorch_model"),
  ["vae/config.json"],
  weights("vae", "diffusion_pytorch_model"),
  ["text_encoder/config.json"],
  weights("text_encoder", "model"),
  ["tokenizer/vocab.json"],
  ["tokenizer/merges.txt"],
  ["scheduler/scheduler_config.json"],
]

/** Copies a CLIP folder's files, of whatever layout. Fails permanently when there are no weights or no words. */
export const copyClip = async (from: string, to: string): Promise<void> => {
  const found = (await findClipFiles(from)) ?? [WEIGHTS_FILE]
  const pieces = sentencePieceFiles(found)
  const words = pieces.some((name) => found.includes(name)) ? pieces : TOKENIZER_FILES
  const files = [...found, ...words.filter((name) => !found.includes(name))]
  await copyFiles(
    "CLIP model",
    files.map((name): FileNames => [name]),
    from,
    to,
  )
}

/** Copies a diffusion model's files. Fails permanently when one is missing. */
export const copyDiffusion = (from: string, to: string): Promise<void> =>
  copyFiles("diffusion model", DIFFUSION_FILES, from, to)

/** Copies, sharing the blocks on disk where the file system can: links would let later edits reach the copy. */
const copyFiles = async (
  what: string,
  files: ReadonlyArray<FileNames>,
  from: string,
  to: string,
): Promise<void> => {
  for (const names of files) {
    const name = await firstFile(from, names)
    if (name === undefined) {
      throw permanent(`the ${what} is incomplete: it has no ${names.join(" nor ")}`, {
        file: from,
        hint: "give a folder of weights/fetch, or one in the layout of open_clip (CLIP) or diffusers",
      })
    }
    await mkdir(dirname(join(to, name)), { recursive: true })
    await copyFile(join(from, name), join(to, name), constants.COPYFILE_FICLONE)
  }
}

const firstFile = async (folder: string, names: FileNames): Promise<string | undefined> => {
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found?.isFile()) return name
  }
  return undefined
}
