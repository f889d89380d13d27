import type { RandomStream } from "../../randomness/index.ts"
import { type Interval, mean, standardDeviation, Z_95 } from "./intervals.ts"

const RESAMPLES = 2000
/** Above this many draws the normal approximation is as good as resampling, and instant. */
const MOST_DRAWS = 20_000_000

/** How the items of a mean hang together; sizes are of consecutive runs of items. */
export interface Grouping {
  /** `strata`: the mean of the groups' means; `clusters`: groups are drawn as a whole. */
  readonly kind: "strata" | "clusters"
  readonly sizes: ReadonlyArray<number>
}

/**
 * A percentile bootstrap interval of a mean (Efron 1979), from the given stream, so the same on every machine. For very
 * many items the normal approximation takes its place.
 *
 * @param values one number an item; runs of items belong together as `grouping` says
 */
export const bootstrapInterval = (
  values: ArrayLike<number>,
  stream: RandomStream,
  grouping?: Grouping,
): Interval => {
  const estimate = estimateOf(values, grouping)
  const resampled =
    values.length * RESAMPLES > MOST_DRAWS
      ? normalInterval(values, estimate, grouping)
      : percentiles(values, stream, grouping)
  return { low: Math.min(estimate, resampled.low), high: Math.max(estimate, resampled.high) }
}

/** The mean of the items: plain, or the mean of the strata's means. */
export const estimateOf = (values: ArrayLike<number>, grouping?: Grouping): number =>
  grouping?.kind === "strata" ? mean(runs(values, grouping.sizes).map(mean)) : mean(values)

const runs = (values: ArrayLike<number>, sizes: ReadonlyArray<number>): ReadonlyArray<Float64Array> => {
  const all = Float64Array.from(values)
  let start = 0
  return sizes
    .map((size) => {
      start += size
      return all.subarray(start - size, start)
    })
    .filter((run) => run.length > 0)
}

const percentiles = (values: ArrayLike<number>, stream: RandomStream, grouping?: Grouping): Interval => {
  const draw = resampler(values, stream, grouping)
  const means = Float64Array.from({ length: RESAMPLES }, draw).sort()
  const cut = Math.floor(RESAMPLES * 0.025)
  return { low: means[cut] ?? 0, high: means[RESAMPLES - 1 - cut] ?? 0 }
}

/** A function that gives the mean of one resample. */
const resampler = (
  values: ArrayLike<number>,
  stream: RandomStream,
  grouping: Grouping | undefined,
): (() => number) => {
  const resample = (run: ArrayLike<number>): number => {
    let sum = 0
    for (let item = 0; item < run.length; item++) sum += run[stream.integer(run.length)] ?? 0
    return sum / run.length
  }
  if (grouping === undefined) return () => resample(values)
  const groups = runs(values, grouping.sizes)
  if (grouping.kind === "strata") return () => mean(groups.map(resample))
  const sums = groups.map((group) => mean(group) * group.length)
  return () => {
    let sum = 0
    let items = 0
    for (let drawn = 0; drawn < groups.length; drawn++) {
      const group = stream.integer(groups.length)
      sum += sums[group] ?? 0
      items += groups[group]?.length ?? 0
    }
    return sum / items
  }
}

const normalInterval = (values: ArrayLike<number>, estimate: number, grouping?: Grouping): Interval => {
  const groups = grouping === undefined ? [] : runs(values, grouping.sizes)
  const spread = (): number => {
    if (grouping === undefined) return standardDeviation(values) / Math.sqrt(values.length)
    if (grouping.kind === "strata") {
      const parts = groups.map((group) => standardDeviation(group) ** 2 / group.length)
      return Math.sqrt(mean(parts) / groups.length)
    }
    const size = values.length / groups.length
    const residuals = groups.map((group) => (mean(group) - estimate) * group.length)
    return standardDeviation(residuals) / size / Math.sqrt(groups.length)
  }
  const half = Z_95 * spread()
  return { low: estimate - half, high: estimate + half }
}
