import jstat from "jstat"

const { jStat } = jstat

/** The share of the standard normal distribution below `z`. */
export const normalBelow = (z: number): number => jStat.normal.cdf(z, 0, 1)

/** Where the share `p` of the standard normal distribution lies below. */
export const normalQuantile = (p: number): number => jStat.normal.inv(p, 0, 1)

/** Where the share `p` of Student's t distribution lies below. */
export const studentQuantile = (p: number, freedom: number): number => jStat.studentt.inv(p, freedom)

/** The chance of at most so many successes. */
export const binomialAtMost = (count: number, trials: number, share: number): number =>
  count >= trials ? 1 : jStat.binomial.cdf(count, trials, share)
