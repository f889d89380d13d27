import type { RandomStream } from "../randomness/index.ts"
import { TIE } from "./changes.ts"
import { covarianceOf, spreadOf } from "./covariance.ts"
import { normalBelow, studentQuantile } from "./distributions.ts"
import { type Interval, LEVEL, normalWidth } from "./interval.ts"
import { mean, standardDeviation } from "./moments.ts"
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
  const draw = sample.of[0].length * replicates > MOST_DRAWN ? drawMean : drawItems
  const { estimate, replicate } = draw(sides, sample, stream)
  return { estimate, replicates: Float64Array.from({ length: replicates }, replicate).sort() }
}

/** From so many drawn items on their mean is as good as normal, and is drawn as such. */
const MOST_DRAWN = 1_000_000

/** Draws seeds and items. */
const drawItems = (sides: ReadonlyArray<Side>, { of, grouping }: Sample, stream: RandomStream) => {
  const groups = groupsOf(of[0].length, grouping)
  const combined = new Float64Array(of[0].length)
  const combine = (weigh: (side: Side) => ArrayLike<number>): void => {
    combined.fill(0)
    for (const side of sides) addWeighted(combined, side.seeds, weigh(side))
  }
  combine(({ even }) => even)
  const draw = itemDraw(combined, groups, grouping?.kind, stream)
  const several = sides.some(({ seeds }) => seeds.length > 1)
  const drawn = new Map(sides.map((side) => [side, Float64Array.from(side.even)]))
  const replicate = (): number => {
    if (several) {
      combine((side) => drawSeeds(side, stream, drawn.get(side) ?? side.even))
      draw.renew()
    }
    return draw.replicate()
  }
  return { estimate: draw.estimate(), replicate }
}

/** Draws seeds, and the mean of their many items. */
const drawMean = (sides: ReadonlyArray<Side>, { of, grouping }: Sample, stream: RandomStream) => {
  const seeds = sides.flatMap((side) => [...side.seeds])
  const estimates = seeds.map((values) => estimateOf([values], grouping))
  const covariance = covarianceOf(seeds, estimates, groupsOf(of[0].length, grouping), grouping?.kind)
  const centreOf = (weights: Float64Array): number => {
    let sum = 0
    for (let seed = 0; seed < weights.length; seed++) sum += (weights[seed] ?? 0) * (estimates[seed] ?? 0)
    return sum
  }
  const weights = Float64Array.from(sides.flatMap(({ even }) => [...even]))
  const estimate = centreOf(weights)
  const replicate = (): number => {
    let place = 0
    for (const side of sides) {
      drawSeeds(side, stream, weights.subarray(place, place + side.seeds.length))
      place += side.seeds.length
    }
    return centreOf(weights) + spreadOf(weights, covariance) * (stream.normals(1)[0] ?? 0)
  }
  return { estimate, replicate }
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

/** Draws a side's seeds; `weights` becomes what each of them counts. */
const drawSeeds = (
  { seeds, sign, widening }: Side,
  stream: RandomStream,
  weights: Float64Array,
): Float64Array => {
  const count = seeds.length
  if (count === 1) return weights
  weights.fill((sign * (1 - widening)) / count)
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

/** Of fewer replicates than this their count says little. */
const FEW = 10

/**
 * How likely a value at least as far on the other side of `value` is: two-sided. Where the replicates hardly
 * reach it the p-value is that of a normal distribution of their spread: no number of comparisons would let a count of
 * none among 4000 pass a correction.
 */
export const pValueAgainst = ({ estimate, replicates }: Distribution, value: number): number => {
  const counted = Math.min(1, 2 * Math.min(shareAtMost(replicates, value), shareAtLeast(replicates, value)))
  const few = (2 * (FEW + 1)) / (replicates.length + 1)
  const spread = standardDeviation(replicates)
  if (counted >= few || spread < TIE) return counted
  return Math.min(few, 2 * normalBelow(-Math.abs(estimate - value) / spread))
}

/** The share of replicates at most as large, of one more of them than there are. Rounding makes none smaller or larger. */
export const shareAtMost = (replicates: Float64Array, value: number): number =>
  (countOf(replicates, (one) => one <= value + TIE) + 1) / (replicates.length + 1)

/** The share of replicates at least as large, of one more of them than there are. */
export const shareAtLeast = (replicates: Float64Array, value: number): number =>
  (countOf(replicates, (one) => one >= value - TIE) + 1) / (replicates.length + 1)

const countOf = (replicates: Float64Array, counts: (one: number) => boolean): number => {
  let count = 0
  for (const one of replicates) if (counts(one)) count++
  return count
}

/** The mean over seeds and items: plain, or the mean of the strata's means. */
export const estimateOf = (seeds: Seeds, grouping?: Grouping): number =>
  mean(
    seeds.map((values) =>
      itemDraw(Float64Array.from(values), groupsOf(values.length, grouping), grouping?.kind).estimate(),
    ),
  )
