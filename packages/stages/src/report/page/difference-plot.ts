import type { BenchmarkComparison, Row } from "../comparison.ts"
import { nameOf, points, pointsInterval, verdictWords } from "../words.ts"
import { linearScale } from "./axis.ts"
import { element, type Markup } from "./markup.ts"

const WIDTH = 820
const LEFT = 250
const RIGHT = 600
const ROW = 54
const TOP = 12

interface Line {
  readonly name: string
  readonly row: Row
  readonly difference: NonNullable<Row["difference"]>
}

const linesOf = (comparisons: ReadonlyArray<BenchmarkComparison>): ReadonlyArray<Line> =>
  comparisons.flatMap((comparison) =>
    comparison.rows.flatMap((row) =>
      row.measure.primary && row.difference !== undefined
        ? [{ name: nameOf(comparison), row, difference: row.difference }]
        : [],
    ),
  )

/** The farthest that anything reaches from zero, at least one point. */
const reach = (lines: ReadonlyArray<Line>): number =>
  Math.max(
    0.01,
    ...lines.flatMap(({ row, difference: { interval, acrossRuns } }) => [
      Math.abs(interval.low),
      Math.abs(interval.high),
      Math.abs(acrossRuns?.low ?? 0),
      Math.abs(acrossRuns?.high ?? 0),
      ...(row.after?.runs ?? []).map((value) => Math.abs(value - (row.before?.value ?? 0))),
    ]),
  )

/** One line a benchmark: the change in percentage points with its interval, against the line of no change. */
export const differencePlot = (comparisons: ReadonlyArray<BenchmarkComparison>): Markup | undefined => {
  const lines = linesOf(comparisons)
  if (lines.length === 0) return undefined
  const far = reach(lines) * 1.06
  const scale = linearScale([-far * 100, far * 100], [LEFT, RIGHT], 9)
  const at = (share: number): number => scale.at(share * 100)
  const bottom = TOP + lines.length * ROW
  return element(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${bottom + 44}`,
      role: "img",
      "aria-labelledby": "change-title change-text",
      class: "chart",
    },
    element("title", { id: "change-title" }, "Change of each benchmark's score, after minus before"),
    element("desc", { id: "change-text" }, describe(lines)),
    ...scale.ticks.map((tick) =>
      gridLine(scale.at(tick), bottom, points(tick / 100).replace(".0", ""), tick === 0),
    ),
    element(
      "text",
      { x: (LEFT + RIGHT) / 2, y: bottom + 38, class: "axis middle" },
      "change in percentage points",
    ),
    ...lines.map((line, index) => drawLine(line, TOP + index * ROW + ROW / 2, at)),
  )
}

const describe = (lines: ReadonlyArray<Line>): string =>
  lines
    .map(
      ({ name, difference }) =>
        `${name}: ${points(difference.value)} points, 95 % interval ${pointsInterval(difference.interval)}, ${verdictWords(difference.verdict)}.`,
    )
    .join(" ")

const gridLine = (x: number, bottom: number, label: string, isZero: boolean): Markup =>
  element(
    "g",
    {},
    element("line", { x1: x, x2: x, y1: TOP, y2: bottom, class: isZero ? "zero" : "grid" }),
    element("text", { x, y: bottom + 18, class: "axis middle" }, label),
  )

const drawLine = ({ name, row, difference }: Line, y: number, at: (share: number) => number): Markup => {
  const { interval, acrossRuns, value, verdict } = difference
  const runs = row.after?.runs ?? []
  return element(
    "g",
    { class: `verdict-${verdict}` },
    element("text", { x: 0, y: y - 2, class: "label" }, clipped(name)),
    element("text", { x: 0, y: y + 16, class: "axis" }, clipped(row.measure.title)),
    whisker(at(interval.low), at(interval.high), y, "whisker"),
    acrossRuns === undefined ? "" : whisker(at(acrossRuns.low), at(acrossRuns.high), y + 11, "whisker runs"),
    runs.length < 2
      ? ""
      : runs.map((run) =>
          element("circle", { cx: at(run - (row.before?.value ?? 0)), cy: y + 11, r: 2.6, class: "run" }),
        ),
    element("circle", { cx: at(value), cy: y, r: 5.5, class: "dot" }),
    element("text", { x: RIGHT + 24, y: y - 2, class: "value" }, points(value)),
    element("text", { x: RIGHT + 84, y: y - 2, class: "verdict" }, verdictWords(verdict)),
    element("text", { x: RIGHT + 24, y: y + 16, class: "axis" }, pointsInterval(interval)),
  )
}

const whisker = (from: number, to: number, y: number, name: string): Markup =>
  element("path", { d: `M${from.toFixed(2)} ${y - 4}v8m0-4H${to.toFixed(2)}m0-4v8`, class: name })

/** A name that fits into the margin. */
const clipped = (name: string): string => {
  const letters = [...name]
  return letters.length > 30 ? `${letters.slice(0, 29).join("")}…` : name
}
