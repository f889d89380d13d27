import type { BenchmarkComparison, Difference, PartRow, Row, Score } from "./comparison.ts"
import type { Report } from "./report.ts"
import { smooth } from "./training-log.ts"
import { caveats, headline } from "./words.ts"

const round = (value: number): number => Number(value.toFixed(6))

/** `summary.json`: the report for programs. Shares in 0…1, rounded to six decimals. */
export const summaryJson = (report: Report): string => {
  const summary = {
    title: report.title,
    headline: headline(report.comparisons),
    benchmarks: report.comparisons.map(benchmark),
    training: training(report),
    details: Object.fromEntries(report.details),
    caveats: caveats(report.comparisons),
  }
  return `${JSON.stringify(summary, (_, value) => (typeof value === "number" ? round(value) : value), 2)}\n`
}

const benchmark = ({ kind, benchmark, view, n, runs, sameItems, rows, parts }: BenchmarkComparison) => ({
  kind,
  benchmark,
  view,
  n,
  runs,
  same_items: sameItems,
  metrics: rows.map(metric),
  parts: parts.map(part),
})

const metric = ({ measure, chance, before, after, difference }: Row) => ({
  metric: measure.metric,
  title: measure.title,
  primary: measure.primary,
  chance,
  before: score(before),
  after: score(after),
  difference: difference === undefined ? undefined : differenceOf(difference),
})

const score = (given: Score | undefined) =>
  given === undefined ? undefined : { value: given.value, interval: given.interval, runs: given.runs }

const differenceOf = ({ value, interval, method, acrossRuns, changes, verdict }: Difference) => ({
  value,
  interval,
  method,
  across_runs: acrossRuns,
  changes,
  verdict,
})

const part = ({ name, n, before, after, changes }: PartRow) => ({
  name,
  n,
  before: score(before),
  after: score(after),
  changes,
})

const training = ({ training }: Report) => {
  const smoothed = smooth(training)
  const [first, last] = [smoothed[0], smoothed.at(-1)]
  if (first === undefined || last === undefined) return undefined
  return { steps: training.length, first_loss: first.loss, last_loss: last.loss }
}
