/**
 * MMVP-VLM's pair score: two images, two statements; each statement picks an image, and the pair counts only when both
 * pick their own. Guessing gets one pair in four.
 */
export const PAIR_CHANCE = 0.25

/** The scores of a pair's two statements, each with the first and the second image. */
export interface PairScores {
  readonly first: readonly [withFirst: number, withSecond: number]
  readonly second: readonly [withFirst: number, withSecond: number]
}

/**
 * Whether both statements pick their own image. MMVP asks for a softmax above one half, which is a higher score; with
 * equal scores a statement picks the second image.
 */
export const isPairRight = ({ first, second }: PairScores): boolean =>
  first[0] > first[1] && second[0] <= second[1]

/** One category's pairs. */
export interface CategoryScore {
  readonly category: string
  readonly pairs: number
  readonly right: number
}

/** Counts pairs by category, in the order in which categories first appear. */
export const scoreByCategory = (
  pairs: ReadonlyArray<{ readonly category: string; readonly right: boolean }>,
): ReadonlyArray<CategoryScore> => {
  const counts = new Map<string, { pairs: number; right: number }>()
  for (const { category, right } of pairs) {
    const count = counts.get(category) ?? { pairs: 0, right: 0 }
    counts.set(category, { pairs: count.pairs + 1, right: count.right + (right ? 1 : 0) })
  }
  return [...counts].map(([category, count]) => ({ category, ...count }))
}

/** MMVP's average: the mean of the categories' shares of right pairs. */
export const averageOfCategories = (scores: ReadonlyArray<CategoryScore>): number =>
  scores.reduce((sum, { pairs, right }) => sum + right / pairs, 0) / scores.length
