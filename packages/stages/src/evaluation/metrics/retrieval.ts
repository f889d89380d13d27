/**
 * Recall at k as CLIP papers and CLIP_benchmark (metrics/zeroshot_retrieval.py) count it: 1 for a query when at least
 * one of its matches is among the k best, else 0.
 */
export interface Similarities {
  /** `[texts, images]`, row by row. */
  readonly values: Float32Array
  /** The image that each text describes. */
  readonly imageOfText: Int32Array
  readonly images: number
}

/** How many images score higher than a text's own (ties: the lower index first). */
export const imageRanks = ({ values, imageOfText, images }: Similarities): Int32Array =>
  Int32Array.from(imageOfText, (own, text) => {
    const start = text * images
    const score = values[start + own] ?? Number.NEGATIVE_INFINITY
    let rank = 0
    for (let image = 0; image < images; image++) {
      const value = values[start + image] ?? Number.NEGATIVE_INFINITY
      if (value > score || (value === score && image < own)) rank++
    }
    return rank
  })

/** How many texts score higher than the best of an image's own texts; the number of texts when it has none. */
export const textRanks = ({ values, imageOfText, images }: Similarities): Int32Array => {
  const best = bestTexts({ values, imageOfText, images })
  return Int32Array.from(best, (own, image) => {
    if (own < 0) return imageOfText.length
    const score = values[own * images + image] ?? Number.NEGATIVE_INFINITY
    let rank = 0
    for (let text = 0; text < imageOfText.length; text++) {
      const value = values[text * images + image] ?? Number.NEGATIVE_INFINITY
      if (value > score || (value === score && text < own)) rank++
    }
    return rank
  })
}

/** For each image the best-scoring of its own texts, −1 when it has none. */
const bestTexts = ({ values, imageOfText, images }: Similarities): Int32Array => {
  const best = new Int32Array(images).fill(-1)
  imageOfText.forEach((image, text) => {
    const known = best[image] ?? -1
    const score = values[text * images + image] ?? Number.NEGATIVE_INFINITY
    if (known < 0 || score > (values[known * images + image] ?? 0)) best[image] = text
  })
  return best
}
