import type { RandomStream } from "../randomness/index.ts"
import { TIE, type UnitChanges } from "./changes.ts"
import { normalBelow } from "./distributions.ts"

/** So many patterns of signs are drawn; of fewer changes every pattern is looked at. */
const PATTERNS = 4096

/** With so many signs in all, their sum is as good as normal. */
const MOST_SIGNS = 1_000_000

/** A sum of weights with random signs is beyond any bound at most so many times as often as a normal variable is (Bobkov et al. 2001). */
const TAIL = 3.18

/**
 * The paired permutation test (Fisher's): how likely so large a difference is when in every unit before and after might
 * as well be each other, so that the signs of the changes are luck. Unlike McNemar's it weighs changes as the difference
 * does: in a mean over classes those of a small class count for more. Of plain items it is McNemar's.
 *
 * @returns the two-sided p-value
 */
export const permutationTest = (units: UnitChanges, stream: RandomStream): number => {
  const weights = units
    .flatMap((changes) => Array.from(changes, (change) => change / (changes.length * units.length)))
    .filter((weight) => weight !== 0)
  const found = Math.abs(weights.reduce((sum, weight) => sum + weight, 0))
  if (found < TIE) return 1
  const patterns = 2 ** weights.length
  if (patterns <= PATTERNS) return countAsLarge(weights, found, patterns, (pattern) => pattern) / patterns
  const spread = Math.sqrt(weights.reduce((sum, weight) => sum + weight ** 2, 0))
  const normal = 2 * normalBelow(-found / spread)
  if (weights.length * PATTERNS > MOST_SIGNS) return normal
  const drawn = countAsLarge(weights, found, PATTERNS, () => stream.word())
  return Math.min((drawn + 1) / (PATTERNS + 1), TAIL * normal)
}

/** How many of the patterns give a sum that is as far from zero; each has 32 signs at a time. */
const countAsLarge = (
  weights: ReadonlyArray<number>,
  found: number,
  patterns: number,
  signs: (pattern: number) => number,
): number => {
  let count = 0
  for (let pattern = 0; pattern < patterns; pattern++) {
    let [sum, bits] = [0, 0]
    weights.forEach((weight, place) => {
      bits = place % 32 === 0 ? signs(pattern) : bits >>> 1
      sum += bits & 1 ? weight : -weight
    })
    if (Math.abs(sum) > found - TIE) count++
  }
  return count
}
