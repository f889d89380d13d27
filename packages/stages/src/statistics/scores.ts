import type { RandomStream } from "../randomness/index.ts"
import { bootstrap, percentileInterval, type Seeds } from "./bootstrap.ts"
import type { Estimate } from "./estimate.ts"
import {
  hull,
  type Interval,
  LEVEL,
  stratifiedInterval,
  studentInterval,
  wilsonInterval,
} from "./interval.ts"
import { mean } from "./moments.ts"
import { type Grouping, groupsOf } from "./resampling.ts"

/**
 * The share of right answers over items and seeds. The interval is the bootstrap's, and no narrower than the analytic one
 * of a single seed: a bootstrap of answers that are all right would have no width.
 */
export const shareEstimate = (seeds: Seeds, stream: RandomStream, grouping?: Grouping): Estimate => {
  const distribution = bootstrap({ of: seeds, ...(grouping && { grouping }) }, stream)
  const { low, high } = hull(percentileInterval(distribution), analytic(seeds, grouping))
  return {
    value: distribution.estimate,
    interval: { low: Math.max(0, low), high: Math.min(1, high) },
    n: seeds[0].length,
    seeds: seeds.length,
  }
}

const analytic = (seeds: Seeds, grouping: Grouping | undefined): Interval => {
  const items = seeds[0].length
  const right = Float64Array.from(seeds[0], (_, item) => mean(seeds.map((values) => values[item] ?? 0)))
  if (grouping?.kind !== "strata") return wilsonInterval(mean(right) * items, items)
  const strata = groupsOf(items, grouping).map(({ start, end }) => ({
    trials: end - start,
    successes: mean(right.subarray(start, end)) * (end - start),
  }))
  return stratifiedInterval(strata)
}

/**
 * A score that is known of each seed as a whole only, with an interval over its items: both spreads together.
 *
 * @param intervals one a seed, of the level that is printed
 */
export const summaryEstimate = (
  values: ReadonlyArray<number>,
  intervals: ReadonlyArray<Interval>,
  n: number,
): Estimate => {
  const value = mean(values)
  const across = studentInterval(values, LEVEL) ?? { low: value, high: value }
  const below = mean(intervals.map(({ low }, seed) => (values[seed] ?? low) - low))
  const above = mean(intervals.map(({ high }, seed) => high - (values[seed] ?? high)))
  return {
    value,
    interval: {
      low: Math.max(0, value - Math.hypot(below, value - across.low)),
      high: Math.min(1, value + Math.hypot(above, across.high - value)),
    },
    n,
    seeds: values.length,
  }
}
