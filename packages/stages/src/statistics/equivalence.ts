import { shareAtLeast, shareAtMost } from "./bootstrap.ts"
import type { PairedDifference } from "./comparison.ts"
import { binomialAtMost } from "./distributions.ts"
import type { Interval } from "./interval.ts"

/** Whether a difference is small for sure: not merely "no difference was found". */
export interface Equivalence {
  /** The largest difference that is called small. */
  readonly margin: number
  /** 90 %: both one-sided tests at 5 % are passed where it lies within the margin. */
  readonly interval: Interval
  /** The larger p-value of the two one-sided tests that the difference is beyond the margin. */
  readonly p: number
  readonly isPreserved: boolean
}

/** The level of the interval that goes with two one-sided tests at 5 %. */
export const EQUIVALENCE_LEVEL = 0.9

/**
 * "Preserved within the margin" as two one-sided tests (Schuirmann 1987) on the bootstrap of a paired difference. A
 * bootstrap of few changes, or none, knows of no others: so each test is also one of counts, how likely so few items have
 * changed when the margin's share of them does, all of them the same way.
 */
export const equivalenceOf = (difference: PairedDifference, margin: number): Equivalence => {
  const interval = difference.intervalAt(EQUIVALENCE_LEVEL)
  const { replicates } = difference.distribution
  const net = Math.round(difference.value * difference.units)
  const p = Math.max(
    shareAtLeast(replicates, margin),
    shareAtMost(replicates, -margin),
    binomialAtMost(Math.max(0, net), difference.units, margin),
    binomialAtMost(Math.max(0, -net), difference.units, margin),
  )
  return { margin, interval, p, isPreserved: isWithin(interval, margin) && p < 0.05 }
}

/** Whether an interval excludes all that is beyond a margin on either side. */
export const isWithin = ({ low, high }: Interval, margin: number): boolean => low > -margin && high < margin
