import type { Metrics } from "../../evaluation/metrics/index.ts"
import type { Report } from "../report.ts"
import type { Drawing } from "./draw.ts"
import { differenceSquares, type Square, scoreSquares } from "./squares.ts"
import { textWidth } from "./text-width.ts"
import { colour } from "./theme.ts"

/** The page's width, what a square needs for an interval, and what looks well. */
const [PAGE, NARROWEST, WIDEST] = [1000, 52, 84]
const HEIGHT = 44

/** A square and how it is coloured. */
interface Coloured extends Square {
  /** 0 … 1. */
  readonly depth: number
  readonly hue: string
}

/**
 * Models × benchmarks by their main metric, one map a view. Colours are of each benchmark by itself: 60 % is much on one
 * and little on another.
 */
export const heatMaps = (report: Report): ReadonlyArray<Drawing> => {
  const { cells, imported } = report
  const labels = new Set(cells.flatMap(({ model, baseline }) => [model, baseline ?? model]))
  if (labels.size + imported.length < 2) return []
  return viewsOf(report).flatMap((view) => {
    const squares = scoreSquares(report, view)
    if (squares.length < 3) return []
    const ranges = rangesOf(squares)
    const coloured = squares.map((square) => ({
      ...square,
      depth: depthOf(square, ranges),
      hue: colour("after"),
    }))
    return [drawingOf(`heat-map-${view}`, `Models and benchmarks, ${view} view`, coloured)]
  })
}

/** Models × benchmarks by what training changed, one map a view; for sweeps of more changes than a plot shows. */
export const changeMaps = (report: Report): ReadonlyArray<Drawing> =>
  viewsOf(report).flatMap((view) => {
    const squares = differenceSquares(report, view)
    const largest = Math.max(LEAST_RANGE / 2, ...squares.map(({ value }) => Math.abs(value)))
    const coloured = squares.map((square) => ({
      ...square,
      depth:
        HUES[square.verdict ?? "unchanged"] === "noise" ? 0 : 0.2 + (0.6 * Math.abs(square.value)) / largest,
      hue: colour(HUES[square.verdict ?? "unchanged"]),
    }))
    if (squares.length < 3) return []
    return [drawingOf(`change-map-${view}`, `Changes, ${view} view`, coloured)]
  })

const HUES = { better: "better", worse: "worse", "within-noise": "noise", unchanged: "noise" } as const

const viewsOf = ({ cells }: Report): ReadonlyArray<Metrics["view"]> =>
  (["class", "original", "all-tokens"] as const).filter((view) => cells.some((cell) => cell.view === view))

const drawingOf = (name: string, title: string, squares: ReadonlyArray<Coloured>): Drawing => {
  const models = new Map(
    [...new Set(squares.map(({ model }) => model))].map((model) => [model, columnName(model, squares)]),
  )
  const rows = new Map([...new Set(squares.map(({ row }) => row))].map((row) => [row, rowName(row, squares)]))
  const margin = Math.max(...[...rows.values()].map((label) => longestLine(label))) + 30
  const step = Math.max(NARROWEST, Math.min(WIDEST, Math.floor((PAGE - margin) / models.size)))
  const values = squares.map(({ model, row, depth, hue, told, basis, link }) => ({
    model: models.get(model),
    benchmark: rows.get(row),
    depth,
    hue,
    told,
    basis,
    link,
  }))
  const ink = {
    condition: { test: "datum.depth > 0.72", value: colour("page") },
    value: colour("ink"),
  }
  const text = (field: string, dy: number, fontSize: number) => ({
    mark: { type: "text" as const, dy, fontSize },
    encoding: { text: { field, type: "nominal" as const }, color: ink },
  })
  const axis = { labelColor: colour("ink"), labelLimit: 0, labelFontSize: 12 }
  return {
    name,
    title,
    text: squares.map(({ model, row, text }) => `${model} on ${row.replace("\n", ", ")}: ${text}.`).join(" "),
    spec: {
      width: { step },
      height: { step: HEIGHT },
      data: { values },
      encoding: {
        x: {
          field: "model",
          type: "nominal",
          sort: [...models.values()],
          title: null,
          axis: { ...axis, orient: "top", labelAngle: -35, labelAlign: "left" },
        },
        y: {
          field: "benchmark",
          type: "nominal",
          sort: [...rows.values()],
          title: null,
          axis: { ...axis, labelExpr: "split(datum.label, '\\n')", labelLineHeight: 15, labelOffset: -7 },
        },
        href: { field: "link", type: "nominal" },
      },
      layer: [
        {
          mark: { type: "rect", stroke: colour("page"), strokeWidth: 2, cornerRadius: 3 },
          encoding: {
            fill: { field: "hue", type: "nominal", scale: null },
            fillOpacity: {
              field: "depth",
              type: "quantitative",
              scale: { domain: [0, 1], range: [0.07, 0.92] },
              legend: null,
            },
          },
        },
        text("told", -6, 13),
        text("basis", 10, step < 64 ? 8.5 : 9.5),
      ],
    },
  }
}

/** A model with its number of seeds, which a sweep may have made unequal. */
const columnName = (model: string, squares: ReadonlyArray<Square>): string => {
  const seeds = squares.flatMap((square) => (square.model === model ? (square.seeds ?? []) : []))
  if (seeds.length === 0) return model
  const [least, most] = [Math.min(...seeds), Math.max(...seeds)]
  const count = least === most ? `${most}` : `${least}–${most}`
  return `${model} (${count} ${most === 1 ? "seed" : "seeds"})`
}

/** A benchmark and its metric, with its items where all models have the same. */
const rowName = (row: string, squares: ReadonlyArray<Square>): string => {
  const sizes = new Set(squares.filter((square) => square.row === row).map(({ n }) => n))
  const [n] = sizes
  return sizes.size === 1 && n !== undefined ? `${row}, n = ${n}` : row
}

const longestLine = (label: string): number =>
  Math.max(...label.split("\n").map((line) => textWidth(line, 12)))

/** A range below this looks like none: small differences are not made to look large. */
const LEAST_RANGE = 0.1

type Ranges = ReadonlyMap<string, { readonly low: number; readonly high: number }>

const rangesOf = (squares: ReadonlyArray<Square>): Ranges => {
  const ranges = new Map<string, { low: number; high: number }>()
  for (const { row, value } of squares) {
    const { low, high } = ranges.get(row) ?? { low: value, high: value }
    ranges.set(row, { low: Math.min(low, value), high: Math.max(high, value) })
  }
  return ranges
}

/** Where a value lies among those of its benchmark; the middle where all are the same. */
const depthOf = ({ row, value }: Square, ranges: Ranges): number => {
  const { low, high } = ranges.get(row) ?? { low: value, high: value }
  return 0.5 + (value - (low + high) / 2) / Math.max(LEAST_RANGE, high - low)
}
