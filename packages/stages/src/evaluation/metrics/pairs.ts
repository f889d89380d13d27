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

/** The softmax's share of the first of two scores, in single precision as MMVP's evaluation computes it. */
export const shareOfFirst = ([first, second]: readonly [number, number]): number => {
  const [a, b] = [Math.fround(first), Math.fround(second)]
  const most = Math.max(a, b)
  const own = Math.fround(Math.exp(Math.fround(a - most)))
  return Math.fround(own / Math.fround(own + Math.fround(Math.exp(Math.fround(b - most)))))
}

/**
 * Whether both statements pick their own image. MMVP asks for a share above one half: with equal scores, or such as differ
 * by less than single precision shows, a statement picks the second image.
 */
export const isPairRight = ({ first, second }: PairScores): boolean =>
  shareOfFirst(first) > 0.5 && !(shareOfFirst(second) > 0.5)

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
