import { studentBelow } from "./distributions.ts"
import { mean, standardDeviation } from "./moments.ts"

/** Student's test of few values (one a seed): how likely a mean so far from zero is when it is zero. */
export const studentTest = (values: ReadonlyArray<number>): number => {
  const t = Math.abs(statistic(values, 0))
  return Number.isNaN(t) ? 1 : 2 * studentBelow(-t, values.length - 1)
}

/** The larger of Student's two one-sided tests that the mean of few values is beyond a margin on either side. */
export const studentEquivalence = (values: ReadonlyArray<number>, margin: number): number => {
  const freedom = values.length - 1
  if (freedom < 1) return 1
  const [above, below] = [statistic(values, -margin), statistic(values, margin)]
  return Math.max(studentBelow(-above, freedom), studentBelow(below, freedom))
}

const statistic = (values: ReadonlyArray<number>, centre: number): number => {
  const distance = mean(values) - centre
  if (distance === 0) return 0
  return distance / (standardDeviation(values) / Math.sqrt(values.length))
}
