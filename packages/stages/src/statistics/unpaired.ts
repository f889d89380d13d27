import { normalBelow } from "./distributions.ts"
import { EQUIVALENCE_LEVEL, type Equivalence, isWithin } from "./equivalence.ts"
import type { Estimate } from "./estimate.ts"
import { type Interval, LEVEL, normalWidth } from "./interval.ts"

/** What two estimates differ by. */
export interface UnpairedDifference {
  readonly value: number
  readonly interval: Interval
  readonly p: number
  readonly equivalence: Equivalence
}

/**
 * The difference of two estimates that have nothing to do with each other. Newcombe's hybrid interval (1998): the two
 * estimates' own intervals put together; the p-value is that of a normal distribution of the interval's width.
 */
export const unpairedDifference = (before: Estimate, after: Estimate, margin: number): UnpairedDifference => {
  const value = after.value - before.value
  const below = Math.hypot(after.value - after.interval.low, before.interval.high - before.value)
  const above = Math.hypot(after.interval.high - after.value, before.value - before.interval.low)
  const spread = (value > 0 ? below : above) / normalWidth(LEVEL)
  const p = value === 0 ? 1 : 2 * normalBelow(-Math.abs(value) / spread)
  const part = normalWidth(EQUIVALENCE_LEVEL) / normalWidth(LEVEL)
  const narrow = { low: value - part * below, high: value + part * above }
  const [under, over] = [below, above].map((half) => half / normalWidth(LEVEL))
  const beyond = Math.max(
    normalBelow((-margin - value) / (under ?? 0)),
    normalBelow((value - margin) / (over ?? 0)),
  )
  const equivalence = { margin, interval: narrow, p: beyond, isPreserved: isWithin(narrow, margin) }
  return { value, interval: { low: value - below, high: value + above }, p, equivalence }
}
