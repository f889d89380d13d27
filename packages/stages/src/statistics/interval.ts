import { normalQuantile, studentQuantile } from "./distributions.ts"
import { mean, standardDeviation } from "./moments.ts"

/** A confidence interval; of 95 % unless said otherwise. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** The level of every interval that is printed without one. */
export const LEVEL = 0.95

/** How many standard deviations on both sides hold the share `level` of a normal distribution. */
export const normalWidth = (level: number): number => normalQuantile((1 + level) / 2)

/** The smallest interval that holds all of the given ones. */
export const hull = (first: Interval, ...others: ReadonlyArray<Interval>): Interval => ({
  low: Math.min(first.low, ...others.map(({ low }) => low)),
  high: Math.max(first.high, ...others.map(({ high }) => high)),
})

/** Wilson's score interval of a share (Wilson 1927): right for small counts and for shares near 0 and 1. */
export const wilsonInterval = (successes: number, trials: number, level = LEVEL): Interval => {
  if (trials === 0) return { low: 0, high: 1 }
  const share = successes / trials
  const z = normalWidth(level)
  const square = z ** 2
  const centre = (share + square / (2 * trials)) / (1 + square / trials)
  const half =
    (z * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials ** 2))) / (1 + square / trials)
  return {
    low: Math.max(0, Math.min(share, centre - half)),
    high: Math.min(1, Math.max(share, centre + half)),
  }
}

/**
 * The interval of a mean of shares over strata (classes, categories): the strata's variances added up, each share
 * shrunk towards one half as Agresti and Coull do, so that a class with all answers right still has a spread.
 */
export const stratifiedInterval = (
  strata: ReadonlyArray<{ readonly trials: number; readonly successes: number }>,
  level = LEVEL,
): Interval => {
  const present = strata.filter(({ trials }) => trials > 0)
  const z = normalWidth(level)
  const square = z ** 2
  let variance = 0
  let estimate = 0
  for (const { trials, successes } of present) {
    const share = (successes + square / 2) / (trials + square)
    variance += (share * (1 - share)) / (trials + square)
    estimate += successes / trials
  }
  const half = (z * Math.sqrt(variance)) / present.length
  const centre = estimate / present.length
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

/** The interval of a mean from few independent values (seeds), by Student's t. One value alone has none. */
export const studentInterval = (values: ReadonlyArray<number>, level = LEVEL): Interval | undefined => {
  if (values.length < 2) return undefined
  const width = studentQuantile((1 + level) / 2, values.length - 1)
  const half = (width * standardDeviation(values)) / Math.sqrt(values.length)
  const centre = mean(values)
  return { low: centre - half, high: centre + half }
}

/** How much the items of a stratum have gained and lost in all: whole items where there is one seed. */
export interface ChangedItems {
  readonly gained: number
  readonly lost: number
  readonly items: number
}

/**
 * The interval of a difference of two shares of the same items, from the items that changed (Agresti and Min 2005):
 * half an item is added to each of the four cells, so that few changes, or none, still leave a doubt. Of a mean over
 * strata the added items are spread over them, and their variances added up.
 */
export const changeInterval = (strata: ReadonlyArray<ChangedItems>, level = LEVEL): Interval => {
  const half = 0.5 / strata.length
  let [centre, variance] = [0, 0]
  for (const { gained, lost, items } of strata) {
    const [up, down, all] = [gained + half, lost + half, items + 4 * half]
    centre += (up - down) / all
    variance += (up + down - (up - down) ** 2 / all) / all ** 2
  }
  const middle = centre / strata.length
  const width = (normalWidth(level) * Math.sqrt(variance)) / strata.length
  return { low: Math.max(-1, middle - width), high: Math.min(1, middle + width) }
}
