import type { RandomStream } from "../randomness/index.ts"
import { bootstrap, type Distribution, percentileInterval, pValueAgainst } from "./bootstrap.ts"
import { TIE } from "./changes.ts"
import type { PairedDifference } from "./comparison.ts"
import { LEVEL } from "./interval.ts"
import { mean } from "./moments.ts"

/** A score that is no mean over items, and the same score in resamples of them. */
export interface Resampled {
  readonly value: number
  readonly resamples: ReadonlyArray<number>
}

/** One of each seed; their resamples of one place are of the same items. */
export type ResampledSeeds = readonly [Resampled, ...ReadonlyArray<Resampled>]

/**
 * Compares two scorings of the same items by what they are in the same resamples of them: what a resample does to both
 * falls out. Where there are several seeds their draw is added.
 *
 * @param n how many items there are
 */
export const compareResampled = (
  before: ResampledSeeds,
  after: ResampledSeeds,
  n: number,
  stream: RandomStream,
): PairedDifference => {
  const value = mean(after.map((seed) => seed.value)) - mean(before.map((seed) => seed.value))
  const count = Math.min(...[...before, ...after].map(({ resamples }) => resamples.length))
  const seeds = seedNoise(before, after, count, stream)
  const at = (side: ResampledSeeds, place: number) => mean(side.map(({ resamples }) => resamples[place] ?? 0))
  const replicates = Float64Array.from(
    { length: count },
    (_, place) => at(after, place) - at(before, place) + (seeds[place] ?? 0),
  )
  const distribution: Distribution = { estimate: value, replicates: replicates.sort() }
  const intervalAt = (level: number) => percentileInterval(distribution, level)
  return {
    value,
    interval: intervalAt(LEVEL),
    units: n,
    seeds: { before: before.length, after: after.length },
    p: pValueAgainst(distribution, 0),
    test: "paired-bootstrap",
    changes: undefined,
    isUnchanged: isTie(value) && replicates.every(isTie),
    intervalAt,
    distribution,
  }
}

const isTie = (difference: number): boolean => Math.abs(difference) < TIE

/** What the draw of seeds adds to each resample; nothing where each side has one. */
const seedNoise = (
  before: ResampledSeeds,
  after: ResampledSeeds,
  count: number,
  stream: RandomStream,
): Float64Array => {
  if (before.length === 1 && after.length === 1) return new Float64Array(count)
  const valuesOf = ([first, ...others]: ResampledSeeds) =>
    [[first.value], ...others.map(({ value }) => [value])] as const
  const { estimate, replicates } = bootstrap(
    { of: valuesOf(after), without: valuesOf(before) },
    stream,
    count,
  )
  return replicates.map((one) => one - estimate)
}
