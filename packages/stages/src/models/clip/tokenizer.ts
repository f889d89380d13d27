import { join } from "node:path"
import { readJsonFile, readSmallText } from "../../formats/index.ts"
import {
  END_TOKEN,
  mergePair,
  pairKey,
  START_TOKEN,
  symbolsOf,
  type Vocabulary,
  WRITTEN_END,
  WRITTEN_START,
  wordsOf,
} from "./byte-pairs.ts"

const CONTEXT_LENGTH = 77
const CACHED_WORDS = 100_000
/** MiB: CLIP's files have one. */
const LIMIT = 64

/** A vocabulary that is damaged or of another kind. */
export class TokenizerError extends Error {
  override readonly name = "TokenizerError"
}

/**
 * CLIP's tokenizer: byte pairs of lower-case words, with the end of a word marked.
 *
 * @example
 * const tokenizer = await Tokenizer.fromFolder(folder)
 * const [ids] = tokenizer.encode(["a photo of a cat"])
 */
export class Tokenizer {
  readonly contextLength: number
  /** One more than the largest id. */
  readonly size: number
  readonly #vocab: ReadonlyMap<string, number>
  readonly #ranks: ReadonlyMap<string, number>
  readonly #start: number
  readonly #end: number
  readonly #words = new Map<string, ReadonlyArray<number>>()

  private constructor({ vocab, merges }: Vocabulary, contextLength: number) {
    this.contextLength = contextLength
    this.#vocab = vocab
    this.#ranks = new Map(merges.map(([first, second], rank) => [pairKey(first, second), rank]))
    this.#start = this.#idOf(START_TOKEN)
    this.#end = this.#idOf(END_TOKEN)
    this.#words.set(WRITTEN_START, [this.#start]).set(WRITTEN_END, [this.#end])
    this.size = 1 + Math.max(...vocab.values())
    if (this.#end !== this.size - 1)
      throw new TokenizerError(`${END_TOKEN} has not the vocabulary's largest id`)
  }

  static of(vocabulary: Vocabulary, contextLength: number = CONTEXT_LENGTH): Tokenizer {
    return new Tokenizer(vocabulary, contextLength)
  }

  /** Reads `vocab.json` and `merges.txt`. Throws TokenizerError when they are damaged. */
  static async fromFolder(folder: string, contextLength: number = CONTEXT_LENGTH): Promise<Tokenizer> {
    const vocab = parseVocab(await readJsonFile(join(folder, "vocab.json"), LIMIT))
    const merges = parseMerges(await readSmallText(join(folder, "merges.txt"), LIMIT))
    return Tokenizer.of({ vocab, merges }, contextLength)
  }

  /**
   * The ids of texts: start, the text, end, then zeros up to the context length. What is too long is cut, and still
   * ends with the end token.
   */
  encode(texts: ReadonlyArray<string>): ReadonlyArray<Int32Array> {
    return texts.map((text) => {
      const ids = this.tokenIds(text)
      const row = new Int32Array(this.contextLength)
      row.set(ids.slice(0, this.contextLength))
      if (ids.length > this.contextLength) row[this.contextLength - 1] = this.#end
      return row
    })
  }

  /** The ids of one text from start to end, of any length. */
  tokenIds(text: string): ReadonlyArray<number> {
    return [this.#start, ...wordsOf(text).flatMap((word) => this.#wordIds(word)), this.#end]
  }

  #wordIds(word: string): ReadonlyArray<number> {
    const known = this.#words.get(word)
    if (known !== undefined) return known
    const ids = this.#merged(word).map((symbol) => this.#idOf(symbol))
    if (this.#words.size < CACHED_WORDS) this.#words.set(word, ids)
    return ids
  }

  #merged(word: string): ReadonlyArray<string> {
    let symbols = symbolsOf(word)
    for (;;) {
      const pair = this.#mostUrgentPair(symbols)
      if (pair === undefined) return symbols
      symbols = mergePair(symbols, pair[0], pair[1])
    }
  }

  #mostUrgentPair(symbols: ReadonlyArray<string>): readonly [string, string] | undefined {
    let best: readonly [string, string] | undefined
    let bestRank = Number.POSITIVE_INFINITY
    for (let index = 0; index + 1 < symbols.length; index++) {
      const [first = "", second = ""] = [symbols[index], symbols[index + 1]]
      const rank = this.#ranks.get(pairKey(first, second)) ?? Number.POSITIVE_INFINITY
      if (rank < bestRank) {
        best = [first, second]
        bestRank = rank
      }
    }
    return best
  }

  #idOf(symbol: string): number {
    const id = this.#vocab.get(symbol)
    if (id === undefined) throw new TokenizerError(`the vocabulary has no token ${JSON.stringify(symbol)}`)
    return id
  }
}

const parseVocab = (json: unknown): ReadonlyMap<string, number> => {
  if (typeof json !== "object" || json === null) throw new TokenizerError("vocab.json is not a JSON object")
  const vocab = new Map<string, number>()
  for (const [token, id] of Object.entries(json)) {
    if (!Number.isSafeInteger(id) || id < 0 || id > 0x7fffffff) {
      throw new TokenizerError(`vocab.json gives ${JSON.stringify(token)} the id ${JSON.stringify(id)}`)
    }
    vocab.set(token, id)
  }
  return vocab
}

const parseMerges = (text: string): Vocabulary["merges"] => {
  const lines = text
    .split("\n")
    .filter((line, index) => line !== "" && !(index === 0 && line.startsWith("#version")))
  return lines.map((line) => {
    const [first, second, ...rest] = line.trimEnd().split(" ")
    if (!first || !second || rest.length > 0) {
      throw new TokenizerError(`merges.txt has the line ${JSON.stringify(line)}, which is no pair`)
    }
    return [first, second]
  })
}
