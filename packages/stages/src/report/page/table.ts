import type { BenchmarkComparison, Difference, Row, Score } from "../comparison.ts"
import { itemsOf } from "../measures.ts"
import { nameOf, percent, percentInterval, points, pointsInterval, pValue, verdictWords } from "../words.ts"
import { type Content, element, type Markup } from "./markup.ts"

/** Every metric before and after, with intervals and the difference. */
export const scoreTable = (comparisons: ReadonlyArray<BenchmarkComparison>): Markup =>
  element(
    "div",
    { class: "wide" },
    element(
      "table",
      {},
      element("caption", {}, "Scores with 95 % intervals; differences in percentage points."),
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("th", { scope: "col", class: "left" }, "Benchmark and metric"),
          ...["Chance", "Before", "After", "Difference"].map((name) => element("th", { scope: "col" }, name)),
          element("th", { scope: "col", class: "left" }, "Verdict"),
        ),
      ),
      element("tbody", {}, ...comparisons.flatMap(benchmarkRows)),
    ),
  )

const benchmarkRows = (comparison: BenchmarkComparison): ReadonlyArray<Markup> =>
  comparison.rows.map((row, index) =>
    element(
      "tr",
      { class: index === 0 ? "first" : undefined },
      element(
        "th",
        { scope: "row" },
        index === 0 ? element("bdi", {}, nameOf(comparison)) : "",
        element(
          "span",
          { class: "quiet" },
          index === 0 ? `${row.measure.title}, ${basis(comparison)}` : row.measure.title,
        ),
      ),
      element("td", {}, row.chance === undefined ? "–" : percent(row.chance)),
      element("td", {}, scoreCell(row.before)),
      element("td", {}, scoreCell(row.after)),
      element("td", {}, differenceCell(row)),
      element("td", { class: "left" }, row.difference === undefined ? "–" : verdictCell(row.difference)),
    ),
  )

/** `270 pairs, mean of 4 runs`. */
const basis = ({ n, kind, runs }: BenchmarkComparison): string => {
  const most = Math.max(runs.before, runs.after)
  return `${n} ${itemsOf(kind)}${most > 1 ? `, mean of ${most} runs` : ""}`
}

const scoreCell = (score: Score | undefined): Content => {
  if (score === undefined) return "–"
  return [
    percent(score.value),
    score.interval === undefined ? "" : element("small", {}, percentInterval(score.interval)),
  ]
}

const differenceCell = ({ difference }: Row): Content => {
  if (difference === undefined) return "–"
  const { value, interval, acrossRuns, method } = difference
  return [
    points(value),
    element("small", {}, `${pointsInterval(interval)}${method === "unpaired" ? " †" : ""}`),
    acrossRuns === undefined ? "" : element("small", {}, `runs: ${pointsInterval(acrossRuns)}`),
  ]
}

const MARKS = { better: "▲ ", worse: "▼ ", "within-noise": "", unchanged: "" }

const verdictCell = ({ verdict, changes }: Difference): Content => [
  element("span", { class: `is-${verdict}` }, `${MARKS[verdict]}${verdictWords(verdict)}`),
  changes === undefined || verdict === "unchanged"
    ? ""
    : [
        element("small", {}, `${changes.gained} gained, ${changes.lost} lost`),
        element("small", {}, pValue(changes.p)),
      ],
]
