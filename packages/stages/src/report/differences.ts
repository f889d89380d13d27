import type { Metrics } from "../evaluation/metrics/index.ts"
import type { RandomStream } from "../randomness/index.ts"
import {
  type Changes,
  comparePaired,
  compareResampled,
  type Equivalence,
  equivalenceOf,
  type Interval,
  type PairedDifference,
  type Seeds,
  unpairedDifference,
} from "../statistics/index.ts"
import type { Measure } from "./measures.ts"
import { groupingOf, itemSeeds, reportStream, resampledSeeds, type Score, scoreOf } from "./scores.ts"
import type { Verdict } from "./verdict.ts"

/** After minus before. */
export interface Difference {
  readonly value: number
  /** 95 %, over items and seeds. */
  readonly interval: Interval
  /** `mcnemar`, `paired-permutation`, `paired-bootstrap`: item by item; `unpaired`: from the two intervals, wider. */
  readonly test: "mcnemar" | "paired-permutation" | "paired-bootstrap" | "unpaired"
  /** How likely so large a difference is when there is none. */
  readonly p: number
  /** The same, corrected for the number of comparisons: Holm's, and Benjamini and Hochberg's. */
  readonly adjusted: { readonly holm: number; readonly fdr: number }
  readonly changes: Changes | undefined
  /** Whether not one item has changed. */
  readonly isUnchanged: boolean
  readonly equivalence: Equivalence
  readonly verdict: Verdict
}

/** One metric of a cell, before and after. */
export interface Row {
  readonly measure: Measure
  readonly chance: number | undefined
  readonly before: Score | undefined
  readonly after: Score | undefined
  readonly difference: Difference | undefined
}

interface Files {
  readonly before: ReadonlyArray<Metrics>
  readonly after: ReadonlyArray<Metrics>
}

/** How a cell's sides are compared. */
export interface Comparing {
  readonly sameItems: boolean
  /** Within which a score counts as preserved. */
  readonly margin: number
  /** What names the cell, for its random numbers. */
  readonly names: ReadonlyArray<string>
}

/** One metric of both sides, and their difference. It is corrected for the others later. */
export const compareMetric = (files: Files, measure: Measure, comparing: Comparing): Row => {
  const before = scoreOf(files.before, measure, comparing.names)
  const after = scoreOf(files.after, measure, comparing.names)
  const chance = [...files.before, ...files.after].flatMap((file) => file.chance[measure.metric] ?? [])[0]
  const found =
    before === undefined || after === undefined
      ? undefined
      : ((comparing.sameItems ? pairedDifference(files, measure, comparing) : undefined) ??
        unpaired(before, after, comparing.margin))
  return { measure, chance, before, after, difference: found === undefined ? undefined : uncorrected(found) }
}

/** A difference before it is corrected for the others of its report, and judged. */
type Found = Omit<Difference, "adjusted" | "verdict">

const uncorrected = (found: Found): Difference => ({
  ...found,
  adjusted: { holm: found.p, fdr: found.p },
  verdict: "within-noise",
})

/** What answers to the same items differ by, or two scores where these aren't known. */
export const compareShares = (
  scores: { readonly before: Score; readonly after: Score },
  items: { readonly before: Seeds; readonly after: Seeds } | undefined,
  margin: number,
  stream: RandomStream,
): Difference =>
  uncorrected(
    items === undefined
      ? unpaired(scores.before, scores.after, margin)
      : foundOf(comparePaired(items.before, items.after, stream), margin),
  )

const pairedDifference = (files: Files, measure: Measure, comparing: Comparing): Found | undefined => {
  const found = byItems(files, measure, comparing) ?? byResamples(files, measure, comparing)
  return found === undefined ? undefined : foundOf(found, comparing.margin)
}

const foundOf = (found: PairedDifference, margin: number): Found => {
  const { value, interval, test, p, changes, isUnchanged } = found
  return { value, interval, test, p, changes, isUnchanged, equivalence: equivalenceOf(found, margin) }
}

const byItems = (files: Files, measure: Measure, { names }: Comparing) => {
  const { metric } = measure
  const [before, after] = [itemSeeds(files.before, metric), itemSeeds(files.after, metric)]
  const [first] = files.before
  if (first === undefined || before === undefined || after?.[0].length !== before[0].length) return undefined
  return comparePaired(
    before,
    after,
    reportStream("difference", metric, ...names),
    groupingOf(first, measure),
  )
}

const byResamples = (files: Files, { metric }: Measure, { names }: Comparing) => {
  const [before, after] = [resampledSeeds(files.before, metric), resampledSeeds(files.after, metric)]
  const [first] = files.before
  if (first === undefined || before === undefined || after === undefined) return undefined
  if (before[0].resamples.length !== after[0].resamples.length) return undefined
  return compareResampled(before, after, first.n, reportStream("difference", metric, ...names))
}

/** Metrics of which no answers of single items are recorded, and scores of different items. */
const unpaired = (before: Score, after: Score, margin: number): Found => ({
  ...unpairedDifference(before, after, margin),
  test: "unpaired",
  changes: undefined,
  isUnchanged: false,
})
