import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { type Parameters, readParameters } from "../../tensor/index.ts"
import { blueprintsOf } from "./blueprint.ts"
import { CONFIG_FILE, findWeightsFile, readClipConfig, TOKENIZER_FILES, WEIGHTS_FILE } from "./clip-folder.ts"
import type { ClipConfig } from "./config.ts"
import { withOpenClipNames } from "./named-checkpoint.ts"
import type { ClipPreprocess } from "./preprocess-config.ts"
import { isHuggingFaceSiglip, siglipByOpenClipNames } from "./siglip-names.ts"
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
  const read = await reading(weightsFile, () => readParameters(weightsFile, withOpenClipNames))
  const parameters = isHuggingFaceSiglip(read) ? siglipByOpenClipNames(config, read) : read
  try {
    checkParameters(config, parameters, weightsFile)
    return {
      config,
      parameters,
      logitScale: Math.exp(numberOf(parameters, "logit_scale")),
      logitBias: parameters.has("logit_bias") ? numberOf(parameters, "logit_bias") : 0,
      tokenizer,
      preprocess,
      dispose: () => parameters.dispose(),
    }
  } catch (error) {
    parameters.dispose()
    throw error
  }
}

const readTokenizer = (folder: string, { text }: ClipConfig): Promise<TextTokenizer> => {
  const contextLength = text.context_length
  if (text.hf_tokenizer_name === undefined) return Tokenizer.fromFolder(folder, contextLength)
  return readSentencePiece(folder, { contextLength, clean: text.tokenizer_kwargs?.clean ?? "whitespace" })
}

const reading = async <A>(file: string, read: () => Promise<A>): Promise<A> => {
  try {
    return await read()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw permanent(`the CLIP model cannot be read: ${why}`, {
      file,
      hint: `a CLIP folder holds ${[CONFIG_FILE, WEIGHTS_FILE, ...TOKENIZER_FILES].join(", ")}`,
    })
  }
}

const numberOf = (parameters: Parameters, name: string): number => parameters.at(name).dataSync()[0] ?? 0

/** Constants that some checkpoints carry beside the parameters. */
const IGNORED = new Set(["attn_mask", "input_resolution", "context_length", "vocab_size"])

const checkParameters = (config: ClipConfig, parameters: Parameters, file: string): void => {
  const expected = blueprintsOf(config)
  const missing = [...expected.keys()].filter((name) => !parameters.has(name))
  const unexpected = parameters.names().filter((name) => !expected.has(name) && !IGNORED.has(name))
  const misshapen = [...expected].flatMap(([name, { shape }]) => {
    const actual = parameters.has(name) ? parameters.at(name).shape : shape
    // A single number may be a scalar or a list of one.
    const same = shape.length === 0 ? actual.every((size) => size === 1) : String(actual) === String(shape)
    return same ? [] : [`${name} is [${actual}], not [${shape}]`]
  })
  const wrong = [
    ...listed("missing", missing),
    ...listed("unexpected", unexpected),
    ...listed("of another shape", misshapen),
  ]
  if (wrong.length > 0) {
    throw permanent(`the weights do not fit the configuration: ${wrong.join("; ")}`, {
      file,
      hint: `${CONFIG_FILE} and ${WEIGHTS_FILE} must come from one model`,
    })
  }
}

const SHOWN = 5

const listed = (what: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (names.length === 0) return []
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ""
  return [`${what}: ${names.slice(0, SHOWN).join(", ")}${more}`]
}
