import { readdir } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { openCheckpoint, readJsonFile } from "../../formats/index.ts"
import { type ClipConfig, parseClipConfig } from "./config.ts"
import { parseHuggingFaceConfig } from "./hugging-face-config.ts"
import { withOpenClipNames } from "./named-checkpoint.ts"
import { configOfShapes } from "./openai-config.ts"
import type { ClipPreprocess } from "./preprocess-config.ts"

/** The files of a CLIP folder, in open_clip's hub layout. */
export const CONFIG_FILE = "open_clip_config.json"
export const WEIGHTS_FILE = "open_clip_model.safetensors"
export const TOKENIZER_FILES = ["vocab.json", "merges.txt"] as const
/** Transformers' layout. */
export const HF_CONFIG_FILE = "config.json"

/** Names that weights go by, the best first; beside them, one `.pt` file may be OpenAI's. */
const WEIGHT_FILES: ReadonlyArray<string> = [
  WEIGHTS_FILE,
  "open_clip_pytorch_model.bin",
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
]

/** The name of the file that holds the weights of a CLIP folder; undefined when there is none, or no telling which. */
export const findWeightsFile = async (folder: string): Promise<string | undefined> => {
  const present: ReadonlyArray<string> = await readdir(folder).catch(() => [])
  const known = WEIGHT_FILES.find((name) => present.includes(name))
  if (known !== undefined) return known
  const openai = present.filter((name) => name.endsWith(".pt"))
  return openai.length === 1 ? openai[0] : undefined
}

/** What stands beside the weights in one layout or another. */
const COMPANIONS = new Set<string>([
  CONFIG_FILE,
  HF_CONFIG_FILE,
  ...TOKENIZER_FILES,
  "preprocessor_config.json",
  "special_tokens_map.json",
  "spiece.model",
  "tokenizer.json",
  "tokenizer_config.json",
])

/** The files of a CLIP folder beside its weights. */
export const findCompanions = async (folder: string): Promise<ReadonlyArray<string>> =>
  (await readdir(folder)).filter((name) => COMPANIONS.has(name)).sort()

/** All files of a CLIP folder, those of sharded weights too; undefined when there are no weights. */
export const findClipFiles = async (folder: string): Promise<ReadonlyArray<string> | undefined> => {
  const weights = await findWeightsFile(folder)
  if (weights === undefined) return undefined
  const shards = weights.endsWith(".index.json")
    ? (await readdir(folder)).filter((name) => /-\d+-of-\d+\.\w+$/.test(name))
    : []
  return [weights, ...shards, ...(await findCompanions(folder))]
}

/**
 * Reads the configuration of a CLIP folder: open_clip's file, else transformers' one, else what the shapes of OpenAI's
 * weights mean.
 *
 * @throws ClipConfigError, or why the file cannot be read
 */
export const readClipConfig = async (
  folder: string,
): Promise<{ config: ClipConfig; preprocess: ClipPreprocess }> => {
  const own = await readJson(join(folder, CONFIG_FILE))
  if (own !== undefined) return parseClipConfig(own)
  const theirs = await readJson(join(folder, HF_CONFIG_FILE))
  if (theirs !== undefined)
    return parseHuggingFaceConfig(theirs, await readJson(join(folder, "preprocessor_config.json")))
  const weightsFile = await findWeightsFile(folder)
  if (weightsFile === undefined || !weightsFile.endsWith(".pt"))
    throw new Error(`there is neither ${CONFIG_FILE} nor ${HF_CONFIG_FILE}`)
  await using weights = withOpenClipNames(await openCheckpoint(join(folder, weightsFile)))
  return parseClipConfig(configOfShapes(weights))
}

const readJson = async (file: string): Promise<unknown> => {
  const present: ReadonlyArray<string> = await readdir(dirname(file)).catch(() => [])
  return present.includes(basename(file)) ? await readJsonFile(file) : undefined
}
