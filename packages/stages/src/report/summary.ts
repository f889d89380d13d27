import { caveats } from "./caveats.ts"
import type { Cell } from "./cells.ts"
import type { Difference, Row } from "./differences.ts"
import { headline } from "./headline.ts"
import type { PartRow } from "./parts.ts"
import { provenanceChanges } from "./provenance-changes.ts"
import type { Report } from "./report.ts"
import type { Score } from "./scores.ts"
import { smooth } from "./training-log.ts"

/** What may be far below a millionth, and is not 0. */
const P_VALUES = new Set(["p", "p_holm", "p_fdr"])

const round = (name: string, value: number): number =>
  Number(P_VALUES.has(name) ? value.toPrecision(6) : value.toFixed(6))

/** `summary.json`: the report for programs. Shares in 0…1, rounded to six decimals; p-values to six digits. */
export const summaryJson = (report: Report): string => {
  const summary = {
    title: report.title,
    headline: headline(report.cells),
    margin: report.margin,
    benchmarks: report.cells.map(benchmark),
    imported: report.imported,
    training: training(report),
    details: Object.fromEntries(report.details),
    caveats: caveats(report),
  }
  return `${JSON.stringify(summary, (name, value) => (typeof value === "number" ? round(name, value) : value), 2)}\n`
}

const benchmark = (cell: Cell) => {
  const { kind, benchmark, view, model, prompts, n, runs, sameItems, rows, parts, origins } = cell
  return {
    kind,
    benchmark,
    view,
    model,
    prompts,
    n,
    runs,
    same_items: sameItems,
    metrics: rows.map(metric),
    parts: parts.map(part),
    provenance: origins,
    provenance_changes: provenanceChanges(cell),
  }
}

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
  given === undefined
    ? undefined
    : {
        value: given.value,
        interval: given.interval,
        n: given.n,
        seeds: given.seeds,
        runs: given.runs,
        draws: given.draws,
      }

const differenceOf = ({ value, interval, test, p, adjusted, changes, equivalence, verdict }: Difference) => ({
  value,
  interval,
  test,
  p,
  p_holm: adjusted.holm,
  p_fdr: adjusted.fdr,
  changes,
  equivalence:
    equivalence === undefined
      ? undefined
      : {
          margin: equivalence.margin,
          interval: equivalence.interval,
          p: equivalence.p,
          preserved: equivalence.isPreserved,
        },
  verdict,
})

const part = ({ name, n, before, after, difference }: PartRow) => ({
  name,
  n,
  before: score(before),
  after: score(after),
  difference: difference === undefined ? undefined : differenceOf(difference),
})

const training = ({ training }: Report) => {
  const smoothed = smooth(training)
  const [first, last] = [smoothed[0], smoothed.at(-1)]
  if (first === undefined || last === undefined) return undefined
  return { steps: training.length, first_loss: first.loss, last_loss: last.loss }
}
