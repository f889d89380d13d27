import { Buffer } from "node:buffer"
import { cleanLower } from "../../text/index.ts"

/** A byte-pair vocabulary of CLIP's kind: tokens with their ids, and the merges, the most urgent first. */
export interface Vocabulary {
  readonly vocab: ReadonlyMap<string, number>
  readonly merges: ReadonlyArray<readonly [string, string]>
}

export const START_TOKEN = "<|startoftext|>"
export const END_TOKEN = "<|endoftext|>"

/** Marks the last symbol of a word. */
export const WORD_END = "</w>"

/** How open_clip's texts may write the start and the end themselves; they are read as these tokens. */
export const WRITTEN_START = "<start_of_text>"
export const WRITTEN_END = "<end_of_text>"

/**
 * What is written for the start and the end, English contractions (ſ is an s), words, digits, runs of others. Python's
 * regular expressions find U+0345 nowhere when they ignore case.
 */
const WORD = new RegExp(
  `${WRITTEN_START}|${WRITTEN_END}|'[sſ]|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\p{White_Space}\\p{L}\\p{N}\\u0345]+`,
  "gu",
)

/** A printable character for each byte, as GPT-2's tokenizer has them: bytes that print stand for themselves. */
export const BYTE_CHARACTERS: ReadonlyArray<string> = (() => {
  const prints = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad)
  let others = 0
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(prints(byte) ? byte : 256 + others++))
})()

/** The same in the order of CLIP's vocabulary: first the bytes that print. */
export const BYTE_SYMBOLS: ReadonlyArray<string> = BYTE_CHARACTERS.toSorted()

/** The words of a text, each as the characters of its bytes. */
export const wordsOf = (text: string): ReadonlyArray<string> =>
  (cleanLower(text).match(WORD) ?? []).map((word) =>
    Array.from(Buffer.from(word, "utf8"), (byte) => BYTE_CHARACTERS[byte] ?? "").join(""),
  )

/** The symbols of a word before any merge: its characters, the last one marked. */
export const symbolsOf = (word: string): ReadonlyArray<string> => [
  ...word.slice(0, -1),
  `${word.slice(-1)}${WORD_END}`,
]

/** A pair as one text; no symbol contains a space. */
export const pairKey = (first: string, second: string): string => `${first} ${second}`

/** The symbols with each occurrence of the pair, from the left, made one symbol. */
export const mergePair = (
  symbols: ReadonlyArray<string>,
  first: string,
  second: string,
): ReadonlyArray<string> => {
  const merged: Array<string> = []
  for (let index = 0; index < symbols.length; index++) {
    const symbol = symbols[index] ?? ""
    if (symbol === first && symbols[index + 1] === second) {
      merged.push(first + second)
      index++
    } else {
      merged.push(symbol)
    }
  }
  return merged
}
