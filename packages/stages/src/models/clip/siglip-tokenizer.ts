import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { cleanCanonical, cleanLower, cleanWhitespace } from "../../text/index.ts"
import { fields } from "./config-fields.ts"
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
export const SENTENCE_PIECE_FILES = ["tokenizer.json", "tokenizer_config.json"] as const

type Cleaning = NonNullable<TextConfig["tokenizer_kwargs"]>["clean"]

/**
 * A tokenizer in Hugging Face's tokenizer.json, such as SigLIP's SentencePiece, used as open_clip's HFTokenizer does:
 * texts are cleaned, cut to the context length with their end token kept, and filled up with the pad token.
 */
export const readSentencePiece = async (
  folder: string,
  { contextLength, clean }: { readonly contextLength: number; readonly clean: Cleaning },
): Promise<TextTokenizer> => {
  const { Tokenizer } = await import("@huggingface/tokenizers")
  const [definition, settings] = await Promise.all(
    SENTENCE_PIECE_FILES.map(async (name) => {
      const json: unknown = JSON.parse(await readFile(join(folder, name), "utf8"))
      return fields(json, name)
    }),
  )
  const tokenizer = new Tokenizer(definition ?? {}, settings ?? {})
  const pad = padToken(settings?.pad_token)
  const padId = tokenizer.token_to_id(pad)
  if (padId === undefined) throw new TokenizerError(`tokenizer.json has no token ${JSON.stringify(pad)}`)
  const suffix = tokenizer.encode("").ids
  const encode = (text: string): Int32Array => {
    const { ids } = tokenizer.encode(cleaned(text, clean))
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
