import type { RandomStream } from "../randomness/index.ts"
import { studentQuantile } from "./distributions.ts"
import { type Interval, LEVEL, normalWidth } from "./interval.ts"
import { mean } from "./moments.ts"
import { type Grouping, groupsOf, itemDraw } from "./resampling.ts"

/** One number an item from each seed (run); all seeds have answered the same items, in the same order. */
export type Seeds = readonly [ArrayLike<number>, ...ReadonlyArray<ArrayLike<number>>]

/** What is estimated: the mean of one side, or what one side is above another on the same items. */
export interface Sample {
  readonly of: Seeds
  /** Taken off `of`. */
  readonly without?: Seeds
  readonly grouping?: Grouping
}

/** The bootstrap's distribution of an estimate. */
export interface Distribution {
  readonly estimate: number
  /** Rising. */
  readonly replicates: Float64Array
}

/** Enough for the ends of a 95 % interval to stand still, and for p-values down to 0.0005. */
const REPLICATES = 4000

/**
 * A hierarchical bootstrap: each replicate draws seeds, and then the items that the drawn seeds have answered (one draw
 * of items for all of them, as they were asked the same questions). Few seeds show less spread than there is; what their
 * draw adds is widened so that seeds alone would give the interval of Student's t.
 *
 * @param stream its name makes the numbers: the same everywhere
 */
export const bootstrap = (sample: Sample, stream: RandomStream, replicates = REPLICATES): Distribution => {
  const sides = [sideOf(sample.of, 1), ...(sample.without === undefined ? [] : [sideOf(sample.without, -1)])]
  const items = sample.of[0].length
  const groups = groupsOf(items, sample.grouping)
  const combined = new Float64Array(items)
  const combine = (weigh: (side: Side) => ArrayLike<number>): void => {
    combined.fill(0)
    for (const side of sides) addWeighted(combined, side.seeds, weigh(side))
  }
  combine(({ even }) => even)
  const draw = itemDraw(combined, groups, sample.grouping?.kind, stream, replicates)
  const estimate = draw.estimate()
  const several = sides.some(({ seeds }) => seeds.length > 1)
  const drawn = Float64Array.from({ length: replicates }, () => {
    if (several) {
      combine((side) => drawSeeds(side, stream))
      draw.renew()
    }
    return draw.replicate()
  })
  return { estimate, replicates: drawn.sort() }
}

interface Side {
  readonly seeds: Seeds
  /** The weight of each seed when none is drawn. */
  readonly even: Float64Array
  readonly sign: number
  /** By how much the deviations of drawn seeds are widened. */
  readonly widening: number
}

const sideOf = (seeds: Seeds, sign: number): Side => ({
  seeds,
  sign,
  even: new Float64Array(seeds.length).fill(sign / seeds.length),
  widening: wideningOf(seeds.length),
})

const wideningOf = (seeds: number): number =>
  seeds < 2
    ? 0
    : (studentQuantile((1 + LEVEL) / 2, seeds - 1) / normalWidth(LEVEL)) * Math.sqrt(seeds / (seeds - 1))

const drawSeeds = ({ seeds, even, sign, widening }: Side, stream: RandomStream): Float64Array => {
  const count = seeds.length
  if (count === 1) return even
  const weights = new Float64Array(count).fill((sign * (1 - widening)) / count)
  for (let drawn = 0; drawn < count; drawn++) {
    const seed = stream.integer(count)
    weights[seed] = (weights[seed] ?? 0) + (sign * widening) / count
  }
  return weights
}

const addWeighted = (sum: Float64Array, seeds: Seeds, weights: ArrayLike<number>): void => {
  seeds.forEach((values, seed) => {
    const weight = weights[seed] ?? 0
    for (let item = 0; item < sum.length; item++) sum[item] = (sum[item] ?? 0) + weight * (values[item] ?? 0)
  })
}

/** The middle of the distribution (Efron's percentile interval), with the estimate in it. */
export const percentileInterval = ({ estimate, replicates }: Distribution, level = LEVEL): Interval => {
  const cut = Math.floor((replicates.length * (1 - level)) / 2)
  return {
    low: Math.min(estimate, replicates[cut] ?? estimate),
    high: Math.max(estimate, replicates[replicates.length - 1 - cut] ?? estimate),
  }
}

/** How likely a value at least as far on the other side of `value` is: two-sided, never 0. */
export const pValueAgainst = ({ replicates }: Distribution, value: number): number => {
  const least = Math.min(shareAtMost(replicates, value), shareAtLeast(replicates, value))
  return Math.min(1, 2 * least)
}

/** The share of replicates at most as large, of one more of them than there are. */
export const shareAtMost = (replicates: Float64Array, value: number): number =>
  (replicates.filter((one) => one <= value).length + 1) / (replicates.length + 1)

/** The share of replicates at least as large, of one more of them than there are. */
export const shareAtLeast = (replicates: Float64Array, value: number): number =>
  (replicates.filter((one) => one >= value).length + 1) / (replicates.length + 1)

/** The mean over seeds and items: plain, or the mean of the strata's means. */
export const estimateOf = (seeds: Seeds, grouping?: Grouping): number =>
  mean(
    seeds.map((values) =>
      itemDraw(Float64Array.from(values), groupsOf(values.length, grouping), grouping?.kind).estimate(),
    ),
  )
