import type { ImportedScore } from "../../results/index.ts"
import type { Cell } from "../cells.ts"
import { isPrimary } from "../measures.ts"
import type { Report } from "../report.ts"
import type { Score } from "../scores.ts"
import { estimateText, importedText, scoreText } from "../words.ts"
import type { Drawing } from "./draw.ts"
import { clipped } from "./text-width.ts"
import { colour } from "./theme.ts"

const WIDTH = 74
const HEIGHT = 44

interface Square {
  readonly model: string
  readonly benchmark: string
  /** In 0…1, for the colour. */
  readonly value: number
  readonly told: string
  /** The interval, or why there is none. */
  readonly basis: string
  readonly text: string
  readonly link: string
}

/**
 * Models × benchmarks by their main metric. Colours are of each benchmark by itself: 60 % is much on one and little on
 * another.
 */
export const heatMap = ({ cells, imported }: Report): Drawing | undefined => {
  const squares = withoutRepetition([
    ...cells.flatMap((cell) => measuredSquares(cell, cells)),
    ...imported.flatMap(importedSquares),
  ])
  const models = [...new Set(squares.map(({ model }) => model))]
  const labels = new Set(cells.flatMap(({ model, baseline }) => [model, baseline ?? model]))
  const benchmarks = [...new Set(squares.map(({ benchmark }) => benchmark))]
  if (labels.size + imported.length < 2 || squares.length < 3) return undefined
  const values = squares.map((square) => ({ ...square, depth: depthOf(square, squares) }))
  const x = { field: "benchmark", type: "nominal" as const, sort: benchmarks }
  const y = { field: "model", type: "nominal" as const, sort: models, title: null }
  const color = {
    condition: { test: "datum.depth > 0.72", value: colour("page") },
    value: colour("ink"),
  }
  const text = (field: string, dy: number, fontSize: number) => ({
    mark: { type: "text" as const, dy, fontSize },
    encoding: { text: { field, type: "nominal" as const }, color },
  })
  return {
    name: "heat-map",
    title: "Models and benchmarks",
    text: squares.map(({ model, benchmark, text }) => `${model} on ${benchmark}: ${text}.`).join(" "),
    spec: {
      width: { step: WIDTH },
      height: { step: HEIGHT },
      data: { values },
      encoding: {
        x: {
          ...x,
          title: null,
          axis: {
            orient: "top",
            labelAngle: -35,
            labelAlign: "left",
            labelColor: colour("ink"),
            labelLimit: 170,
            labelFontSize: 12,
          },
        },
        y,
        href: { field: "link", type: "nominal" },
      },
      layer: [
        {
          mark: {
            type: "rect",
            color: colour("after"),
            stroke: colour("page"),
            strokeWidth: 2,
            cornerRadius: 3,
          },
          encoding: {
            fillOpacity: {
              field: "depth",
              type: "quantitative",
              scale: { domain: [0, 1], range: [0.07, 0.92] },
              legend: null,
            },
          },
        },
        text("told", -6, 13),
        text("basis", 10, 9.5),
      ],
    },
  }
}

const measuredSquares = (
  { kind, id, model = "", baseline, benchmark, prompts, view, rows }: Cell,
  cells: ReadonlyArray<Cell>,
): ReadonlyArray<Square> =>
  rows.flatMap(({ measure, before, after }) => {
    if (!measure.primary) return []
    const alike = cells.filter((cell) => cell.kind === kind && cell.benchmark === benchmark)
    const several = new Set(alike.map((cell) => cell.prompts)).size > 1
    const described = several && prompts !== undefined ? `${benchmark}, ${prompts}` : benchmark
    const place = view === "class" ? described : `${described}, ${view}`
    return [
      ...(before === undefined ? [] : [{ label: baseline ?? sideOf(model, after, "before"), score: before }]),
      ...(after === undefined
        ? []
        : [{ label: baseline === undefined ? sideOf(model, before, "after") : model, score: after }]),
    ].map(({ label, score }) => ({
      model: clipped(label, 44),
      benchmark: place,
      value: score.value,
      told: scoreText(score).replace(/\s%$/, ""),
      basis: `${(score.interval.low * 100).toFixed(1)}–${(score.interval.high * 100).toFixed(1)}`,
      text: estimateText(score),
      link: `#${id}`,
    }))
  })

/** A model's name, with the side where the other one is there, too. */
const sideOf = (model: string, other: Score | undefined, side: string): string =>
  `${model === "" ? "model" : model}${other === undefined ? "" : `, ${side}`}`

const importedSquares = (score: ImportedScore): ReadonlyArray<Square> =>
  isPrimary(score.kind, score.metric)
    ? [
        {
          model: `${clipped(score.model, 34)} (imported)`,
          benchmark: score.benchmark,
          value: score.value,
          told: importedText(score).replace(/\s%.*$/, ""),
          basis: "no interval",
          text: importedText(score),
          link: "#imported",
        },
      ]
    : []

/** One model before is that of all that come from it: its square is drawn once. */
const withoutRepetition = (squares: ReadonlyArray<Square>): ReadonlyArray<Square> => {
  const places = new Map(squares.map((square) => [JSON.stringify([square.model, square.benchmark]), square]))
  return [...places.values()]
}

/** A range below this looks like none: small differences are not made to look large. */
const LEAST_RANGE = 0.1

/** Where a value lies among those of its benchmark; the middle where all are the same. */
const depthOf = ({ benchmark, value }: Square, squares: ReadonlyArray<Square>): number => {
  const values = squares.filter((other) => other.benchmark === benchmark).map((other) => other.value)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return 0.5 + (value - (low + high) / 2) / Math.max(LEAST_RANGE, high - low)
}
