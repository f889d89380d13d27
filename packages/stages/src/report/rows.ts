import type { Cell, Origin } from "./cells.ts"
import type { Difference, Row } from "./differences.ts"
import type { Report } from "./report.ts"
import type { Score } from "./scores.ts"

/** One score as a flat record: a line of `results.jsonl`, a row of `results.csv`. Shares are in 0…1. */
export interface ResultRow {
  readonly source: "measured" | "imported"
  readonly model: string | null
  readonly benchmark: string
  readonly kind: string
  readonly view: string | null
  readonly prompts: string | null
  readonly metric: string
  /** Of the share of right pairs in one category of a benchmark. */
  readonly category: string | null
  /** `only` where nothing is compared. */
  readonly side: "before" | "after" | "only"
  readonly value: number
  readonly low: number | null
  readonly high: number | null
  readonly n: number | null
  readonly seeds: number | null
  readonly draws: number | null
  readonly spread: number | null
  readonly chance: number | null
  readonly difference: number | null
  readonly difference_low: number | null
  readonly difference_high: number | null
  readonly test: string | null
  readonly p: number | null
  readonly p_holm: number | null
  readonly p_fdr: number | null
  readonly verdict: string | null
  readonly gained: number | null
  readonly lost: number | null
  readonly margin: number | null
  readonly preserved: boolean | null
  readonly p_equivalence: number | null
  /** Digests of the metrics files, with a space between them; of an imported score the file's name. */
  readonly artefacts: string
  /** Cache keys of the tasks that made them. */
  readonly keys: string
}

/** Every score of a report, before and after, and what was imported. Differences stand with the score after. */
export const resultRows = ({ cells, imported }: Report): ReadonlyArray<ResultRow> => [
  ...cells.flatMap((cell) =>
    [...metricRows(cell), ...categoryRows(cell)].flatMap((told) => rowsOf(cell, told)),
  ),
  ...imported.map(
    ({ model, benchmark, kind, metric, value, n, source }): ResultRow => ({
      ...NO_COMPARISON,
      source: "imported",
      model,
      benchmark,
      kind,
      view: null,
      prompts: null,
      metric,
      category: null,
      side: "only",
      value,
      low: null,
      high: null,
      n: n ?? null,
      seeds: null,
      draws: null,
      spread: null,
      chance: null,
      artefacts: source,
      keys: "",
    }),
  ),
]

const NO_COMPARISON = {
  difference: null,
  difference_low: null,
  difference_high: null,
  test: null,
  p: null,
  p_holm: null,
  p_fdr: null,
  verdict: null,
  gained: null,
  lost: null,
  margin: null,
  preserved: null,
  p_equivalence: null,
} as const

/** What is scored and compared: a metric, or a category. */
interface Told extends Pick<Row, "before" | "after" | "difference" | "chance"> {
  readonly metric: string
  readonly category: string | null
}

const metricRows = ({ rows }: Cell): ReadonlyArray<Told> =>
  rows.map((row) => ({ ...row, metric: row.measure.metric, category: null }))

/** Each category of pairs as a score of its own. */
const categoryRows = ({ kind, rows, parts }: Cell): ReadonlyArray<Told> => {
  const chance = rows.find(({ measure }) => measure.primary)?.chance
  if (kind !== "mmvp") return []
  return parts.map(({ name, before, after, difference }) => ({
    metric: "pairs_right",
    category: name,
    chance,
    before,
    after,
    difference,
  }))
}

const rowsOf = (cell: Cell, told: Told): ReadonlyArray<ResultRow> => {
  const { before, after, difference } = told
  const alone = before === undefined || after === undefined
  return [
    ...(before === undefined
      ? []
      : [scoreRow(cell, told, before, alone ? "only" : "before", cell.origins.before)]),
    ...(after === undefined
      ? []
      : [
          {
            ...scoreRow(cell, told, after, alone ? "only" : "after", cell.origins.after),
            ...comparisonOf(difference),
          },
        ]),
  ]
}

const scoreRow = (
  { model, benchmark, kind, view, prompts }: Cell,
  { metric, category, chance }: Told,
  { value, interval, n, seeds, draws }: Score,
  side: ResultRow["side"],
  origins: ReadonlyArray<Origin>,
): ResultRow => ({
  source: "measured",
  model: model ?? null,
  benchmark,
  kind,
  view,
  prompts: prompts ?? null,
  metric,
  category,
  side,
  value,
  low: interval.low,
  high: interval.high,
  n,
  seeds,
  draws: draws?.count ?? 1,
  spread: draws?.spread ?? null,
  chance: chance ?? null,
  ...NO_COMPARISON,
  artefacts: origins.map(({ artefact }) => artefact).join(" "),
  keys: origins.map(({ key }) => key).join(" "),
})

const comparisonOf = (difference: Difference | undefined) => {
  if (difference === undefined) return NO_COMPARISON
  const { value, interval, test, p, adjusted, verdict, changes, equivalence } = difference
  return {
    difference: value,
    difference_low: interval.low,
    difference_high: interval.high,
    test,
    p,
    p_holm: adjusted.holm,
    p_fdr: adjusted.fdr,
    verdict,
    gained: changes?.gained ?? null,
    lost: changes?.lost ?? null,
    margin: equivalence?.margin ?? null,
    preserved: equivalence?.isPreserved ?? null,
    p_equivalence: equivalence?.p ?? null,
  }
}
