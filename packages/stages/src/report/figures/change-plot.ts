import type { Cell } from "../cells.ts"
import type { Difference } from "../differences.ts"
import { findingsOf } from "../headline.ts"
import type { Score } from "../scores.ts"
import { differenceText, estimateText, sizeIntervalText, sizeText, verdictWords } from "../words.ts"
import type { Drawing } from "./draw.ts"
import { clipped } from "./text-width.ts"
import { colour } from "./theme.ts"

const ROW = 46

/** More changes than this are no picture any more: the largest are drawn. */
export const MOST_CHANGES = 40

const MARKS = { better: "▲ ", worse: "▼ ", "within-noise": "", unchanged: "" } as const

interface Line {
  readonly cell: Cell
  readonly title: string
  readonly before: Score
  readonly after: Score
  readonly difference: Difference
}

/** The lines in the report's order; of many those that are beyond noise first, and then the largest. */
const drawnLines = (lines: ReadonlyArray<Line>): ReadonlyArray<Line> => {
  if (lines.length <= MOST_CHANGES) return lines
  const weight = ({ difference: { verdict, value } }: Line): number =>
    Math.abs(value) + (verdict === "better" || verdict === "worse" ? 1 : 0)
  const kept = new Set([...lines].sort((a, b) => weight(b) - weight(a)).slice(0, MOST_CHANGES))
  return lines.filter((line) => kept.has(line))
}

const linesOf = (cells: ReadonlyArray<Cell>): ReadonlyArray<Line> =>
  cells.flatMap((cell) =>
    findingsOf([cell]).flatMap(({ row: { before, after, measure }, difference }) =>
      before === undefined || after === undefined
        ? []
        : [{ cell, title: measure.title, before, after, difference }],
    ),
  )

/** Before and after of each cell's main metric, with intervals, and beside it what the two differ by. */
export const changePlot = (cells: ReadonlyArray<Cell>): Drawing | undefined => {
  const lines = drawnLines(linesOf(cells))
  if (lines.length === 0) return undefined
  const labels = lines.map(({ cell }) => clipped(cell.name, 48))
  const y = { field: "label", type: "nominal" as const, sort: labels, title: null, scale: { padding: 0.5 } }
  return {
    name: "changes",
    title: "Scores before and after, and what they differ by",
    text: lines
      .map(
        ({ cell, title, before, after, difference }) =>
          `${cell.name}, ${title}: ${estimateText(before)} before, ${estimateText(after)} after, ${differenceText(difference)} points, ${verdictWords(difference.verdict)}.`,
      )
      .join(" "),
    spec: {
      hconcat: [scorePanel(lines, labels, y), differencePanel(lines, labels, y)],
      spacing: 18,
      resolve: { scale: { y: "shared", color: "independent", yOffset: "independent" } },
    },
  }
}

type Y = { readonly field: string; readonly type: "nominal"; readonly sort: ReadonlyArray<string> }

const scorePanel = (lines: ReadonlyArray<Line>, labels: ReadonlyArray<string>, y: Y) => {
  const values = lines.flatMap(({ before, after }, index) =>
    (["before", "after"] as const).map((side) => {
      const { value, interval } = side === "before" ? before : after
      return {
        label: labels[index],
        side,
        shift: side === "before" ? -6 : 6,
        value: value * 100,
        low: interval.low * 100,
        high: interval.high * 100,
      }
    }),
  )
  const side = {
    field: "side",
    type: "nominal" as const,
    scale: { domain: ["before", "after"], range: [colour("before"), colour("after")] },
    legend: null,
  }
  const yOffset = {
    field: "side",
    type: "nominal" as const,
    sort: ["before", "after"],
    scale: { paddingOuter: 0.55 },
  }
  return {
    width: 250,
    height: lines.length * ROW,
    data: { values },
    encoding: { y: { ...y, sort: [...y.sort] }, yOffset, color: side },
    layer: [
      {
        mark: { type: "rule" as const, strokeWidth: 2 },
        encoding: {
          x: {
            field: "low",
            type: "quantitative" as const,
            title: "score (%)",
            scale: { zero: false, nice: true, padding: 6 },
            axis: { tickCount: 6 },
          },
          x2: { field: "high" },
        },
      },
      {
        mark: { type: "point" as const, filled: true, size: 75, opacity: 1 },
        encoding: {
          x: { field: "value", type: "quantitative" as const },
          shape: {
            field: "side",
            type: "nominal" as const,
            scale: { domain: ["before", "after"], range: ["square", "circle"] },
            legend: null,
          },
        },
      },
    ],
  }
}

const differencePanel = (lines: ReadonlyArray<Line>, labels: ReadonlyArray<string>, y: Y) => {
  const values = lines.map(({ difference, cell }, index) => ({
    label: labels[index],
    value: difference.value * 100,
    low: difference.interval.low * 100,
    high: difference.interval.high * 100,
    verdict: difference.verdict,
    told: `${sizeText(difference)}  (${sizeIntervalText(difference)})`,
    said: `${MARKS[difference.verdict]}${verdictWords(difference.verdict)}`,
    link: `#${cell.id}`,
  }))
  const far = 1.08 * Math.max(1, ...values.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]))
  const color = {
    field: "verdict",
    type: "nominal" as const,
    scale: {
      domain: ["better", "worse", "within-noise", "unchanged"],
      range: [colour("better"), colour("worse"), colour("noise"), colour("noise")],
    },
    legend: null,
  }
  const x = { type: "quantitative" as const, scale: { domain: [-far, far], nice: false } }
  const place = {
    y: { ...y, sort: [...y.sort], axis: null },
    href: { field: "link", type: "nominal" as const },
  }
  const text = (field: string, dy: number, weight: "normal" | "bold") => ({
    mark: { type: "text" as const, align: "left" as const, dy, fontWeight: weight, fontSize: 12 },
    encoding: {
      ...place,
      x: { datum: far, ...x },
      xOffset: { value: 12 },
      text: { field, type: "nominal" as const },
      color,
    },
  })
  return {
    width: 200,
    height: lines.length * ROW,
    data: { values },
    layer: [
      {
        data: { values: [{}] },
        mark: { type: "rule" as const, color: colour("quiet"), strokeWidth: 1.25 },
        encoding: { x: { datum: 0, ...x } },
      },
      {
        mark: { type: "rule" as const, strokeWidth: 2 },
        encoding: {
          ...place,
          x: {
            field: "low",
            title: "difference (points)",
            axis: {
              tickCount: 5,
              labelExpr: "datum.value === 0 ? '0' : format(datum.value, '+~f')",
              grid: true,
            },
            ...x,
          },
          x2: { field: "high" },
          color,
        },
      },
      {
        mark: { type: "point" as const, filled: true, size: 90, opacity: 1 },
        encoding: { ...place, x: { field: "value", ...x }, color },
      },
      text("told", -8, "bold"),
      text("said", 9, "normal"),
    ],
  }
}
