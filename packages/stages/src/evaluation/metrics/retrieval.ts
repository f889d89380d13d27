import { keepBest } from "./classification.ts"
import { torchTopK } from "./torch-top-k.ts"

/*
 * Recall at k as CLIP papers and CLIP_benchmark (metrics/zeroshot_retrieval.py) count it: 1 for a query when at least one
 * of its matches is among the best k, else 0. Similarities come in blocks of texts and are never all in memory.
 */

/** What a model found for each text and each image, once. */
export interface RetrievalAnswers {
  /** The place of each text's image, and of each image's best text, from 0; of equal ones the lower index is before. */
  readonly imageRanks: Int32Array
  readonly textRanks: Int32Array
  /** For each k 1 where a text's image, or one of an image's texts, is among the best k, else 0. */
  readonly imageHits: ReadonlyMap<number, Uint8Array>
  readonly textHits: ReadonlyMap<number, Uint8Array>
  /** `[texts, shown]`: the best images of each text. */
  readonly topImages: Int32Array
  readonly shown: number
}

/** Which texts belong to which images. */
export interface Matches {
  /** The image that each text describes. */
  readonly imageOfText: Int32Array
  readonly images: number
}

/**
 * Gives the similarities of all texts with all images, `[count, images]` at a time, in the texts' order. Each time it is
 * called it must give the same.
 */
export type SimilarityBlocks = (use: (block: Float32Array, start: number) => void) => void

const SHOWN = 10
/** Columns that are looked at whole in one pass. */
const COLUMNS = 256

/** @param ks how many of the best count */
export const retrieve = (
  blocks: SimilarityBlocks,
  { imageOfText, images }: Matches,
  ks: ReadonlyArray<number>,
): RetrievalAnswers => {
  const texts = imageOfText.length
  const shown = Math.min(SHOWN, images)
  const imageRanks = new Int32Array(texts)
  const imageHits = new Map(ks.map((k) => [k, new Uint8Array(texts)]))
  const topImages = new Int32Array(texts * shown)
  const scores = new Float32Array(shown)
  /** The score of each image's best text. */
  const best = new Float32Array(images).fill(Number.NEGATIVE_INFINITY)
  blocks((block, start) => {
    for (let text = start; text < start + block.length / images; text++) {
      const row = block.subarray((text - start) * images, (text - start + 1) * images)
      const own = imageOfText[text] ?? 0
      const score = row[own] ?? 0
      if (score > (best[own] ?? 0)) best[own] = score
      const { higher, equal, before } = placeOf(row, own)
      imageRanks[text] = higher + before
      keepBest(row, topImages.subarray(text * shown, (text + 1) * shown), scores, 0)
      for (const [k, hits] of imageHits) hits[text] = isHit(row, higher, equal, k, (image) => image === own)
    }
  })
  const { textRanks, textHits } = retrieveTexts(blocks, { imageOfText, images }, ks, best)
  return { imageRanks, textRanks, imageHits, textHits, topImages, shown }
}

const placeOf = (row: Float32Array, own: number) => {
  const score = row[own] ?? 0
  let [higher, equal, before] = [0, 0, 0]
  for (let other = 0; other < row.length; other++) {
    const value = row[other] ?? 0
    if (value > score) higher++
    else if (value === score && other !== own) {
      equal++
      if (other < own) before++
    }
  }
  return { higher, equal, before }
}

/** Whether a match is among the best k, of which `higher` are better than it and `equal` others as good. */
const isHit = (
  row: Float32Array,
  higher: number,
  equal: number,
  k: number,
  isOwn: (index: number) => boolean,
): number => {
  if (higher >= k) return 0
  if (higher + equal < k) return 1
  return torchTopK(row, Math.min(k, row.length)).some(isOwn) ? 1 : 0
}

const retrieveTexts = (
  blocks: SimilarityBlocks,
  { imageOfText, images }: Matches,
  ks: ReadonlyArray<number>,
  best: Float32Array,
): Pick<RetrievalAnswers, "textRanks" | "textHits"> => {
  const higher = new Int32Array(images)
  const equal = new Int32Array(images)
  const before = new Int32Array(images)
  const found = new Uint8Array(images)
  blocks((block, start) => {
    for (let at = 0, text = start; at < block.length; text++) {
      const own = imageOfText[text] ?? 0
      for (let image = 0; image < images; image++, at++) {
        const value = block[at] ?? 0
        const score = best[image] ?? 0
        if (value > score) higher[image] = (higher[image] ?? 0) + 1
        else if (value === score) {
          if (image === own) found[image] = 1
          else {
            equal[image] = (equal[image] ?? 0) + 1
            if (found[image] === 0) before[image] = (before[image] ?? 0) + 1
          }
        }
      }
    }
  })
  const textRanks = higher.map((count, image) => count + (before[image] ?? 0))
  const textHits = new Map(
    ks.map((k) => [k, Uint8Array.from(higher, (count, image) => (found[image] === 1 && count < k ? 1 : 0))]),
  )
  const isOpen = (image: number, k: number) => {
    const count = higher[image] ?? 0
    return count < k && count + (equal[image] ?? 0) >= k && (equal[image] ?? 0) > 0
  }
  const open = Array.from(higher, (_, image) => image).filter((image) => ks.some((k) => isOpen(image, k)))
  for (let start = 0; start < open.length; start += COLUMNS)
    for (const [image, column] of columnsOf(
      blocks,
      open.slice(start, start + COLUMNS),
      imageOfText.length,
      images,
    ))
      for (const k of ks.filter((k) => isOpen(image, k))) {
        const top = torchTopK(column, Math.min(k, column.length))
        const hits = textHits.get(k)
        if (hits !== undefined) hits[image] = top.some((text) => imageOfText[text] === image) ? 1 : 0
      }
  return { textRanks, textHits }
}

/** The similarities of some images with all texts. */
const columnsOf = (
  blocks: SimilarityBlocks,
  wanted: ReadonlyArray<number>,
  texts: number,
  images: number,
): ReadonlyMap<number, Float32Array> => {
  const columns = new Map(wanted.map((image) => [image, new Float32Array(texts)]))
  blocks((block, start) => {
    for (const [image, column] of columns)
      for (let row = 0; row < block.length / images; row++)
        column[start + row] = block[row * images + image] ?? 0
  })
  return columns
}
