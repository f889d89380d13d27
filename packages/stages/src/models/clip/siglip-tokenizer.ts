import { Buffer } from "node:buffer"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { readJsonFile } from "../../formats/index.ts"
import { Charsmap, cleanCanonical, cleanLower, cleanWhitespace } from "../../text/index.ts"
import { fields } from "./config-fields.ts"
import { readSentencePieceModel, type TokenizerDefinition } from "./sentencepiece-model.ts"
import { TokenizerError } from "./tokenizer.ts"
import type { TextConfig } from "./tower-config.ts"

/** What makes token ids of texts for a model. */
export interface TextTokenizer {
  readonly contextLength: number
  /** One more than the largest id. */
  readonly size: number
  /** The ids of texts, each row `contextLength` long. */
  readonly encode: (texts: ReadonlyArray<string>) => ReadonlyArray<Int32Array>
}

/** The files that such a tokenizer is read from. */
const DEFINITION_FILES = ["tokenizer.json", "tokenizer_config.json"] as const
/** Google's own file, read where the others are missing. */
const MODEL_FILE = "spiece.model"

/** MiB: vocabularies of 256 000 pieces have 34. */
const TOKENIZER_LIMIT = 256

/** Which files of a folder hold its tokenizer. */
export const sentencePieceFiles = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  !names.includes(DEFINITION_FILES[0]) && names.includes(MODEL_FILE) ? [MODEL_FILE] : DEFINITION_FILES

type Cleaning = NonNullable<TextConfig["tokenizer_kwargs"]>["clean"]

/**
 * A tokenizer in Hugging Face's tokenizer.json or in SentencePiece's own file, such as SigLIP's, used as open_clip's
 * HFTokenizer does: texts are cleaned, cut to the context length with their end token kept, and filled up with the pad token.
 */
export const readSentencePiece = async (
  folder: string,
  { contextLength, clean }: { readonly contextLength: number; readonly clean: Cleaning },
): Promise<TextTokenizer> => {
  const { Tokenizer } = await import("@huggingface/tokenizers")
  const { definition, settings } = await readDefinition(folder)
  const { normalise, rest } = charsmapOf(definition)
  const tokenizer = new Tokenizer(rest, settings)
  const pad = padToken(settings.pad_token)
  const padId = tokenizer.token_to_id(pad)
  if (padId === undefined) throw new TokenizerError(`tokenizer.json has no token ${JSON.stringify(pad)}`)
  const suffix = tokenizer.encode("").ids
  const encode = (text: string): Int32Array => {
    const { ids } = tokenizer.encode(normalise(cleaned(text, clean)))
    const row = new Int32Array(contextLength).fill(padId)
    row.set(ids.length > contextLength ? [...ids.slice(0, contextLength - suffix.length), ...suffix] : ids)
    return row
  }
  const vocabulary = [...tokenizer.get_vocab().values()]
  return {
    contextLength,
    size: 1 + vocabulary.reduce((largest, id) => Math.max(largest, id), 0),
    encode: (texts) => texts.map(encode),
  }
}

const readDefinition = async (folder: string): Promise<TokenizerDefinition> => {
  const [file, ...others] = sentencePieceFiles(await readdir(folder))
  if (others.length === 0) return readSentencePieceModel(await readFile(join(folder, MODEL_FILE)))
  const json = async (name: string) => {
    return fields(await readJsonFile(join(folder, name), TOKENIZER_LIMIT), name)
  }
  return { definition: await json(file ?? ""), settings: await json(DEFINITION_FILES[1]) }
}

interface Charsmapped {
  readonly normalise: (text: string) => string
  /** The definition without the character map. */
  readonly rest: Record<string, unknown>
}

/** Takes out the character map that texts are normalised with first: the library only comes near what it says. */
const charsmapOf = (definition: Record<string, unknown>): Charsmapped => {
  const normaliser = isRecord(definition.normalizer) ? definition.normalizer : {}
  const steps: ReadonlyArray<unknown> = Array.isArray(normaliser.normalizers)
    ? normaliser.normalizers
    : [normaliser]
  const [first, ...others] = steps
  const encoded = isRecord(first) && first.type === "Precompiled" ? first.precompiled_charsmap : undefined
  if (typeof encoded !== "string") return { normalise: (text) => text, rest: definition }
  const charsmap = Charsmap.parse(Buffer.from(encoded, "base64"))
  return {
    normalise: (text) => charsmap.normalise(text),
    rest: { ...definition, normalizer: { type: "Sequence", normalizers: others } },
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null

const padToken = (given: unknown): string => {
  if (typeof given === "string") return given
  const content = typeof given === "object" && given !== null ? fields(given, "pad_token").content : undefined
  if (typeof content === "string") return content
  throw new TokenizerError("tokenizer_config.json names no pad_token")
}

/** open_clip's three cleanings. */
const cleaned = (text: string, clean: Cleaning): string => {
  if (clean === "lower") return cleanLower(text)
  return clean === "whitespace" ? cleanWhitespace(text) : cleanCanonical(text)
}
