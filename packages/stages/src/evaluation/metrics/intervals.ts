/** A 95 % confidence interval. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** The two-sided 95 % quantile of the normal distribution. */
export const Z_95 = 1.959963984540054

/** Two-sided 95 % quantiles of Student's t for 1…30 degrees of freedom. */
const STUDENT_95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
]

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0
  return sum / values.length
}

/** The unbiased standard deviation; 0 for fewer than two values. */
export const standardDeviation = (values: ArrayLike<number>): number => {
  if (values.length < 2) return 0
  const centre = mean(values)
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += ((values[index] ?? 0) - centre) ** 2
  return Math.sqrt(sum / (values.length - 1))
}

/** Wilson's score interval of a share (Wilson 1927): right for small counts and for shares near 0 and 1. */
export const wilsonInterval = (successes: number, trials: number): Interval => {
  if (trials === 0) return { low: 0, high: 1 }
  const share = successes / trials
  const square = Z_95 ** 2
  const centre = (share + square / (2 * trials)) / (1 + square / trials)
  const half =
    (Z_95 * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials ** 2))) / (1 + square / trials)
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
): Interval => {
  const present = strata.filter(({ trials }) => trials > 0)
  const square = Z_95 ** 2
  let variance = 0
  let estimate = 0
  for (const { trials, successes } of present) {
    const share = (successes + square / 2) / (trials + square)
    variance += (share * (1 - share)) / (trials + square)
    estimate += successes / trials
  }
  const half = (Z_95 * Math.sqrt(variance)) / present.length
  const centre = estimate / present.length
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

/** The interval of a mean from few independent values (seeds), by Student's t. One value alone has none. */
export const studentInterval = (values: ReadonlyArray<number>): Interval | undefined => {
  if (values.length < 2) return undefined
  const half =
    ((STUDENT_95[values.length - 2] ?? Z_95) * standardDeviation(values)) / Math.sqrt(values.length)
  const centre = mean(values)
  return { low: centre - half, high: centre + half }
}
