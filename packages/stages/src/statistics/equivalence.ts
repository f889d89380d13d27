import { shareAtLeast, shareAtMost } from "./bootstrap.ts"
import type { PairedDifference } from "./comparison.ts"
import type { Interval } from "./interval.ts"
import { studentInterval } from "./interval.ts"
import { studentEquivalence } from "./runs.ts"

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

const TWO_ONE_SIDED = 0.9

/** "Preserved within the margin" as two one-sided tests (Schuirmann 1987) on the bootstrap of a paired difference. */
export const equivalenceOf = (difference: PairedDifference, margin: number): Equivalence => {
  const interval = difference.intervalAt(TWO_ONE_SIDED)
  const { replicates } = difference.distribution
  const p = Math.max(shareAtLeast(replicates, margin), shareAtMost(replicates, -margin))
  return { margin, interval, p, isPreserved: isWithin(interval, margin) && p < 0.05 }
}

/** The same from one difference a seed, where there is no record of single items. */
export const equivalenceOfRuns = (
  differences: ReadonlyArray<number>,
  margin: number,
): Equivalence | undefined => {
  const interval = studentInterval(differences, TWO_ONE_SIDED)
  if (interval === undefined) return undefined
  return {
    margin,
    interval,
    p: studentEquivalence(differences, margin),
    isPreserved: isWithin(interval, margin),
  }
}

const isWithin = ({ low, high }: Interval, margin: number): boolean => low > -margin && high < margin
