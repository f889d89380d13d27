import { join } from "node:path"
import { permanent, StageFailure } from "@diva-pipeline/core"
import { type Parameters, readParameters } from "../../tensor/index.ts"
import { misfit } from "../weights/index.ts"
import { blueprintsOf } from "./blueprint.ts"
import { CONFIG_FILE, findWeightsFile, readClipConfig, TOKENIZER_FILES, WEIGHTS_FILE } from "./clip-folder.ts"
import type { ClipConfig } from "./config.ts"
import { withOpenClipNames } from "./named-checkpoint.ts"
import type { ClipPreprocess } from "./preprocess-config.ts"
import { readSentencePiece, type TextTokenizer } from "./siglip-tokenizer.ts"
import { Tokenizer } from "./tokenizer.ts"

/** A CLIP model in memory. */
export interface ClipModel {
  readonly config: ClipConfig
  /** Of both towers, by open_clip's names. */
  readonly parameters: Parameters
  /** What the cosines are multiplied by: e to the power of the checkpoint's logit_scale. */
  readonly logitScale: number
  /** What is added to them then; 0 for all but sigmoid models. */
  readonly logitBias: number
  readonly tokenizer: TextTokenizer
  readonly preprocess: ClipPreprocess
  /** Releases the parameters. */
  readonly dispose: () => void
}

/**
 * Loads a CLIP folder. The backend must be loaded before.
 *
 * @throws StageFailure (permanent) when a file is missing, is damaged, or does not fit the configuration
 */
export const loadClip = async (folder: string): Promise<ClipModel> => {
  const { config, preprocess } = await reading(folder, () => readClipConfig(folder))
  const weightsFile = join(folder, (await findWeightsFile(folder)) ?? WEIGHTS_FILE)
  const tokenizer = await reading(folder, () => readTokenizer(folder, config))
  if (tokenizer.size > config.text.vocab_size) {
    throw permanent(
      `the tokenizer has ${tokenizer.size} tokens, but the model knows ${config.text.vocab_size}`,
      {
        file: join(folder, TOKENIZER_FILES[0]),
        hint: "take vocab.json, merges.txt and the weights from one model",
      },
    )
  }
  const parameters = await reading(weightsFile, () => readWeights(weightsFile, config))
  return {
    config,
    parameters,
    logitScale: Math.exp(numberOf(parameters, "logit_scale")),
    logitBias: parameters.has("logit_bias") ? numberOf(parameters, "logit_bias") : 0,
    tokenizer,
    preprocess,
    dispose: () => parameters.dispose(),
  }
}

/** Constants that some checkpoints carry beside the parameters. */
const CONSTANTS = /^(attn_mask|input_resolution|context_length|vocab_size)$/

/** Whether the weights fit is known before any of them is in memory. */
const readWeights = (file: string, config: ClipConfig): Promise<Parameters> =>
  readParameters(file, (checkpoint) => {
    const named = withOpenClipNames(checkpoint)
    const shapes = storedShapes(config)
    const failure = misfit(file, named, { wanted: "clip", shapes, ignored: CONSTANTS, told: named.told })
    if (failure !== undefined) throw failure
    return named
  })

/** Shapes of the parameters as checkpoints have them: kernels are [out, in, height, width]. */
const storedShapes = (config: ClipConfig): ReadonlyMap<string, ReadonlyArray<number>> =>
  new Map(
    [...blueprintsOf(config)].map(([name, { shape }]) => [
      name,
      shape.length === 4 ? [3, 2, 0, 1].map((axis) => shape[axis] ?? 0) : shape,
    ]),
  )

const readTokenizer = (folder: string, { text }: ClipConfig): Promise<TextTokenizer> => {
  const contextLength = text.context_length
  if (text.hf_tokenizer_name === undefined) return Tokenizer.fromFolder(folder, contextLength)
  return readSentencePiece(folder, { contextLength, clean: text.tokenizer_kwargs?.clean ?? "whitespace" })
}

const reading = async <A>(file: string, read: () => Promise<A>): Promise<A> => {
  try {
    return await read()
  } catch (error) {
    if (error instanceof StageFailure) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw permanent(`the CLIP model cannot be read: ${why}`, {
      file,
      hint: `a CLIP folder holds ${[CONFIG_FILE, WEIGHTS_FILE, ...TOKENIZER_FILES].join(", ")}`,
    })
  }
}

const numberOf = (parameters: Parameters, name: string): number => parameters.at(name).dataSync()[0] ?? 0
