import { benjaminiHochberg, holm, type Interval } from "../statistics/index.ts"
import type { Cell } from "./cells.ts"
import type { Difference, Row } from "./differences.ts"

/** What goes with intervals of 95 %. */
export const SIGNIFICANCE = 0.05

/**
 * `better` and `worse`: beyond noise; `within-noise`: luck would explain the difference; `unchanged`: not one answer
 * changed.
 */
export type Verdict = "better" | "worse" | "within-noise" | "unchanged"

/**
 * Corrects the p-values for the number of comparisons and judges by them. The main metrics are one family, all others
 * another: a report of more metrics doesn't weaken what its main ones show.
 */
export const correctTogether = (cells: ReadonlyArray<Cell>): ReadonlyArray<Cell> => {
  const adjusted = new Map<Difference, Difference["adjusted"]>()
  for (const primary of [true, false]) {
    const family = cells.flatMap(({ rows }) =>
      rows.flatMap(({ measure, difference }) => (measure.primary === primary ? (difference ?? []) : [])),
    )
    const values = family.map(({ p }) => p)
    const [strict, mild] = [holm(values), benjaminiHochberg(values)]
    family.forEach((difference, index) => {
      adjusted.set(difference, { holm: strict[index] ?? 1, fdr: mild[index] ?? 1 })
    })
  }
  const judged = (row: Row): Row => {
    const { difference } = row
    const found = difference === undefined ? undefined : adjusted.get(difference)
    if (difference === undefined || found === undefined) return row
    return {
      ...row,
      difference: { ...difference, adjusted: found, verdict: verdictOf(difference, found.holm) },
    }
  }
  return cells.map((cell) => ({ ...cell, rows: cell.rows.map(judged) }))
}

/** A change counts when zero lies outside its interval and Holm's corrected test agrees. */
const verdictOf = ({ value, interval, isUnchanged }: Difference, p: number): Verdict => {
  if (isUnchanged) return "unchanged"
  if (p >= SIGNIFICANCE || !excludesZero(interval)) return "within-noise"
  return value > 0 ? "better" : "worse"
}

const excludesZero = ({ low, high }: Interval): boolean => low > 0 || high < 0
