import type { RandomStream } from "../../randomness/index.ts"
import { bootstrapInterval, estimateOf, type Grouping } from "./bootstrap.ts"
import type { Interval } from "./intervals.ts"

/**
 * McNemar's exact test: how likely so uneven a split of the changed items is when gaining and losing are equally likely.
 *
 * @returns the two-sided p-value
 */
export const mcnemarTest = (gained: number, lost: number): number => {
  const changed = gained + lost
  const fewer = Math.min(gained, lost)
  // Terms relative to the central one, so that nothing overflows; only products and sums, so that bits agree everywhere.
  const centre = Math.floor(changed / 2)
  let total = 1
  let tail = centre <= fewer ? 1 : 0
  let term = 1
  for (let count = centre; count > 0; count--) {
    term *= count / (changed - count + 1)
    total += term
    if (count - 1 <= fewer) tail += term
  }
  const whole = changed % 2 === 0 ? 2 * total - 1 : 2 * total
  return Math.min(1, (2 * tail) / whole)
}

/** What changed between two scorings of the same items. */
export interface PairedComparison {
  /** After minus before. */
  readonly difference: number
  readonly interval: Interval
  /** Items right only after, and only before; given when every item is plainly right or wrong. */
  readonly changes?: { readonly gained: number; readonly lost: number; readonly p: number }
}

/** Compares two scorings item by item: far sharper than comparing two means, as most items don't change. */
export const comparePaired = (
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  stream: RandomStream,
  grouping?: Grouping,
): PairedComparison => {
  const differences = Float64Array.from(before, (value, item) => (after[item] ?? 0) - value)
  const compared = {
    difference: estimateOf(differences, grouping),
    interval: bootstrapInterval(differences, stream, grouping),
  }
  const isPlain = (values: ArrayLike<number>): boolean =>
    Array.from(values).every((value) => value === 0 || value === 1)
  if (!isPlain(before) || !isPlain(after)) return compared
  const gained = differences.filter((value) => value > 0).length
  const lost = differences.filter((value) => value < 0).length
  return { ...compared, changes: { gained, lost, p: mcnemarTest(gained, lost) } }
}
