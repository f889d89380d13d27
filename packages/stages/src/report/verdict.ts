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
 * another, and the categories a third: a report of more metrics doesn't weaken what its main ones show.
 */
export const correctTogether = (cells: ReadonlyArray<Cell>): ReadonlyArray<Cell> => {
  const adjusted = new Map(familiesOf(cells).flatMap(correctFamily))
  const judged = <A extends { readonly difference: Difference | undefined }>(one: A): A => {
    const { difference } = one
    const found = difference === undefined ? undefined : adjusted.get(difference)
    if (difference === undefined || found === undefined) return one
    const verdict = verdictOf(difference, found.holm)
    return { ...one, difference: { ...difference, adjusted: found, verdict } }
  }
  return cells.map((cell) => ({ ...cell, rows: cell.rows.map(judged), parts: cell.parts.map(judged) }))
}

const familiesOf = (cells: ReadonlyArray<Cell>): ReadonlyArray<ReadonlyArray<Difference>> => {
  const rows = cells.flatMap((cell) => cell.rows)
  const of = (some: ReadonlyArray<Pick<Row, "difference">>) =>
    some.flatMap(({ difference }) => difference ?? [])
  return [
    of(rows.filter(({ measure }) => measure.primary)),
    of(rows.filter(({ measure }) => !measure.primary)),
    of(cells.flatMap(({ parts }) => parts)),
  ]
}

const correctFamily = (family: ReadonlyArray<Difference>) => {
  const values = family.map(({ p }) => p)
  const [strict, mild] = [holm(values), benjaminiHochberg(values)]
  return family.map(
    (difference, index) => [difference, { holm: strict[index] ?? 1, fdr: mild[index] ?? 1 }] as const,
  )
}

/** A change counts when zero lies outside its interval and Holm's corrected test agrees. */
const verdictOf = ({ value, interval, isUnchanged }: Difference, p: number): Verdict => {
  if (isUnchanged) return "unchanged"
  if (p >= SIGNIFICANCE || !excludesZero(interval)) return "within-noise"
  return value > 0 ? "better" : "worse"
}

const excludesZero = ({ low, high }: Interval): boolean => low > 0 || high < 0
