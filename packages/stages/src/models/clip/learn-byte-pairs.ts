import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import {
  BYTE_SYMBOLS,
  END_TOKEN,
  mergePair,
  pairKey,
  START_TOKEN,
  symbolsOf,
  type Vocabulary,
  WORD_END,
  wordsOf,
} from "./byte-pairs.ts"

/** The bytes, the bytes that end a word, and the two special tokens. */
const SMALLEST = 2 * BYTE_SYMBOLS.length + 2

/**
 * Learns a byte-pair vocabulary (Sennrich, Haddow and Birch, 2016) in CLIP's order: bytes, bytes that end a word, merges,
 * start, end. The commonest pair is merged first; of equally common ones, the first in order of code units.
 *
 * @param texts what to learn from; their order does not matter
 * @param vocabularySize how many tokens, at least 514; fewer come out when no pair is left
 */
export const learnBpe = (texts: Iterable<string>, vocabularySize: number): Vocabulary => {
  if (!Number.isInteger(vocabularySize) || vocabularySize < SMALLEST) {
    throw new RangeError(`a byte-pair vocabulary has at least ${SMALLEST} tokens, not ${vocabularySize}`)
  }
  let words = countWords(texts)
  const merges: Array<readonly [string, string]> = []
  while (merges.length < vocabularySize - SMALLEST) {
    const pair = commonestPair(words)
    if (pair === undefined) break
    merges.push(pair)
    words = words.map(({ symbols, count }) => ({ symbols: mergePair(symbols, ...pair), count }))
  }
  return { merges, vocab: vocabOf(merges) }
}

interface CountedWord {
  readonly symbols: ReadonlyArray<string>
  readonly count: number
}

const countWords = (texts: Iterable<string>): ReadonlyArray<CountedWord> => {
  const counts = new Map<string, number>()
  for (const text of texts) for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].map(([word, count]) => ({ symbols: symbolsOf(word), count }))
}

const commonestPair = (words: ReadonlyArray<CountedWord>): readonly [string, string] | undefined => {
  const counts = new Map<string, number>()
  for (const { symbols, count } of words) {
    for (let index = 0; index + 1 < symbols.length; index++) {
      const key = pairKey(symbols[index] ?? "", symbols[index + 1] ?? "")
      counts.set(key, (counts.get(key) ?? 0) + count)
    }
  }
  let best = ""
  let bestCount = 0
  for (const [key, count] of counts) {
    if (count > bestCount || (count === bestCount && key < best)) [best, bestCount] = [key, count]
  }
  const [first, second] = best.split(" ")
  return first === undefined || second === undefined ? undefined : [first, second]
}

const vocabOf = (merges: Vocabulary["merges"]): Vocabulary["vocab"] => {
  const tokens = [
    ...BYTE_SYMBOLS,
    ...BYTE_SYMBOLS.map((symbol) => symbol + WORD_END),
    ...merges.map(([first, second]) => first + second),
  ]
  // Two ways to build one token give it one id.
  return new Map([...new Set(tokens), START_TOKEN, END_TOKEN].map((token, id) => [token, id]))
}

/** Writes `vocab.json` and `merges.txt` as CLIP's repositories have them. */
export const writeVocabulary = async (folder: string, { vocab, merges }: Vocabulary): Promise<void> => {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, "vocab.json"), `${JSON.stringify(Object.fromEntries(vocab))}\n`)
  const lines = ["#version: 0.2", ...merges.map(([first, second]) => `${first} ${second}`)]
  await writeFile(join(folder, "merges.txt"), `${lines.join("\n")}\n`)
}
