import { jStat } from "jstat"

/** The share of the standard normal distribution below `z`. */
export const normalBelow = (z: number): number => jStat.normal.cdf(z, 0, 1)

/** Where the share `p` of the standard normal distribution lies below. */
export const normalQuantile = (p: number): number => jStat.normal.inv(p, 0, 1)

/** The share of Student's t distribution below `t`. */
export const studentBelow = (t: number, freedom: number): number => jStat.studentt.cdf(t, freedom)

/** Where the share `p` of Student's t distribution lies below. */
export const studentQuantile = (p: number, freedom: number): number => jStat.studentt.inv(p, freedom)
