import type { Interval } from "./interval.ts"

/**
 * A result as it may be told. What prints results takes this and no bare number: without items, seeds and interval there
 * is nothing to print.
 */
export interface Estimate {
  /** The mean over the seeds. */
  readonly value: number
  /** 95 %, over items and seeds. */
  readonly interval: Interval
  /** How many items it is measured on. */
  readonly n: number
  /** How many runs with seeds of their own are behind it. */
  readonly seeds: number
}
