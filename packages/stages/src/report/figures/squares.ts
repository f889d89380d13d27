import type { Metrics } from "../../evaluation/metrics/index.ts"
import type { ImportedScore } from "../../results/index.ts"
import type { Cell } from "../cells.ts"
import type { Difference, Row } from "../differences.ts"
import { mainMetric } from "../main-metric.ts"
import { metricTitle } from "../measures.ts"
import type { Report } from "../report.ts"
import type { Score } from "../scores.ts"
import { shownImports } from "../shown-imports.ts"
import {
  differenceText,
  estimateText,
  importedText,
  MINUS,
  scoreText,
  sizeText,
  verdictWords,
} from "../words.ts"
import { clipped } from "./text-width.ts"

/** One model on one benchmark, as a square of a heat map. */
export interface Square {
  readonly model: string
  /** Runs with seeds of their own; undefined of another program's score. */
  readonly seeds: number | undefined
  /** Benchmark, prompts where there are several, and metric: what scores are compared within. */
  readonly row: string
  /** Images or pairs; undefined where another program doesn't say. */
  readonly n: number | undefined
  readonly value: number
  readonly told: string
  /** The interval, or why there is none. */
  readonly basis: string
  /** All of it in words. */
  readonly text: string
  readonly link: string
  readonly verdict: Difference["verdict"] | undefined
}

/** The scores of a view by their benchmarks' main metric, with what other programs have told beside the usual view. */
export const scoreSquares = ({ cells, imported }: Report, view: Metrics["view"]): ReadonlyArray<Square> =>
  withoutRepetition([
    ...cells.filter((cell) => cell.view === view).flatMap((cell) => measured(cell, cells)),
    ...(view === "class"
      ? fewImports(shownImports({ imported })).flatMap((score) => told(score, imported))
      : []),
  ])

/** More models of other programs than this would hide ours; the table has them. */
const MOST_IMPORTED = 12

const fewImports = (imported: Report["imported"]): Report["imported"] =>
  new Set(imported.map(({ model }) => model)).size > MOST_IMPORTED ? [] : imported

/** What a view's scores after differ by from those before. */
export const differenceSquares = ({ cells }: Report, view: Metrics["view"]): ReadonlyArray<Square> =>
  cells
    .filter((cell) => cell.view === view)
    .flatMap((cell) =>
      cell.rows.flatMap((row) => {
        const { measure, after, difference } = row
        if (!measure.primary || after === undefined || difference === undefined) return []
        const { low, high } = difference.interval
        return [
          {
            ...placeOf(cell, cells, row),
            model: clipped(modelOf(cell), 44),
            seeds: after.seeds,
            n: after.n,
            value: difference.value,
            told: `${MARKS[difference.verdict]}${sizeText(difference)}`,
            basis: `${points(low)} … ${points(high)}`,
            text: `${differenceText(difference)} points, ${verdictWords(difference.verdict)}`,
            verdict: difference.verdict,
          },
        ]
      }),
    )

const MARKS = { better: "▲ ", worse: "▼ ", "within-noise": "", unchanged: "" }

/** `−0.6`, without a plus sign: it must fit into a square. */
const points = (share: number): string =>
  (share * 100)
    .toFixed(1)
    .replace(/^-0\.0$/, "0.0")
    .replace("-", MINUS)

const modelOf = ({ model }: Cell): string => (model === undefined || model === "" ? "model" : model)

const placeOf = (
  { kind, benchmark, prompts, id }: Cell,
  cells: ReadonlyArray<Cell>,
  { measure }: Row,
): Pick<Square, "row" | "link"> => {
  const alike = cells.filter((cell) => cell.kind === kind && cell.benchmark === benchmark)
  const several = new Set(alike.map((cell) => cell.prompts)).size > 1
  const described = several && prompts !== undefined ? `${benchmark}, ${prompts}` : benchmark
  return { row: `${clipped(described, 40)}\n${measure.title}`, link: `#${id}` }
}

const measured = (cell: Cell, cells: ReadonlyArray<Cell>): ReadonlyArray<Square> =>
  cell.rows.flatMap((row) => {
    const { measure, before, after } = row
    if (!measure.primary) return []
    const { baseline } = cell
    const sides: ReadonlyArray<readonly [string, Score | undefined]> = [
      [baseline ?? sideOf(cell, after, "before"), before],
      [baseline === undefined ? sideOf(cell, before, "after") : modelOf(cell), after],
    ]
    return sides.flatMap(([label, score]) =>
      score === undefined
        ? []
        : [
            {
              ...placeOf(cell, cells, row),
              model: clipped(label, 44),
              seeds: score.seeds,
              n: score.n,
              value: score.value,
              told: scoreText(score).replace(/\s%$/, ""),
              basis: `${(score.interval.low * 100).toFixed(1)}–${(score.interval.high * 100).toFixed(1)}`,
              text: estimateText(score),
              verdict: undefined,
            },
          ],
    )
  })

/** A model's name, with the side where the other one is there, too. */
const sideOf = (cell: Cell, other: Score | undefined, side: string): string =>
  `${modelOf(cell)}${other === undefined ? "" : `, ${side}`}`

const told = (score: ImportedScore, imported: ReadonlyArray<ImportedScore>): ReadonlyArray<Square> => {
  const { kind, benchmark, model, metric, value, n } = score
  const beside = imported.filter((other) => other.model === model && other.benchmark === benchmark)
  if (
    metric !==
    mainMetric(
      kind,
      benchmark,
      beside.map((other) => other.metric),
    )
  )
    return []
  return [
    {
      model: `${clipped(model, 34)} (imported)`,
      seeds: undefined,
      row: `${clipped(benchmark, 40)}\n${metricTitle(kind, metric)}`,
      n,
      value,
      told: importedText(score).replace(/\s%.*$/, ""),
      basis: "no interval",
      text: importedText(score),
      link: "#imported",
      verdict: undefined,
    },
  ]
}

/** One model before is that of all that come from it: its square is drawn once. */
const withoutRepetition = (squares: ReadonlyArray<Square>): ReadonlyArray<Square> => {
  const places = new Map(squares.map((square) => [JSON.stringify([square.model, square.row]), square]))
  return [...places.values()]
}
