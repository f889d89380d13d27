import type { Interval } from "../../evaluation/metrics/index.ts"
import type { BenchmarkComparison, PartRow, Score } from "../comparison.ts"
import { MINUS, nameOf, percent, percentInterval } from "../words.ts"
import { linearScale } from "./axis.ts"
import { element, type Markup, short } from "./markup.ts"

const WIDTH = 860
const LEFT = 262
const RIGHT = 690
const ROW = 44
const BAR = 12
const TOP = 22

/** Two bars for each class or category, before and after, with intervals and the line of chance. */
export const partBars = (comparison: BenchmarkComparison, id: string): Markup => {
  const { parts } = comparison
  const scale = linearScale([0, 100], [LEFT, RIGHT], 5)
  const at = (share: number): number => scale.at(share * 100)
  const bottom = TOP + parts.length * ROW
  const chance = comparison.rows.find(({ measure }) => measure.primary)?.chance
  return element(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${bottom + 44}`,
      role: "img",
      "aria-labelledby": `${id}-title ${id}-text`,
      class: "chart",
    },
    element(
      "title",
      { id: `${id}-title` },
      `${nameOf(comparison)}: share right in each part, before and after`,
    ),
    element("desc", { id: `${id}-text` }, parts.map(describe).join(" ")),
    ...scale.ticks.map((tick) =>
      element(
        "g",
        {},
        element("line", { x1: scale.at(tick), x2: scale.at(tick), y1: TOP, y2: bottom, class: "grid" }),
        element("text", { x: scale.at(tick), y: bottom + 18, class: "axis middle" }, String(tick)),
      ),
    ),
    element("text", { x: (LEFT + RIGHT) / 2, y: bottom + 38, class: "axis middle" }, "% right"),
    ...parts.map((part, index) => drawPart(part, TOP + index * ROW, at)),
    ...(chance === undefined ? [] : [chanceLine(at(chance), bottom)]),
  )
}

const describe = ({ name, before, after, changes }: PartRow): string =>
  `${name}: ${before === undefined ? "no score" : percent(before.value)} before, ${after === undefined ? "no score" : percent(after.value)} after${changes === undefined ? "" : `, ${changes.gained} gained, ${changes.lost} lost`}.`

const chanceLine = (x: number, bottom: number): Markup =>
  element(
    "g",
    { class: "chance" },
    element("line", { x1: x, x2: x, y1: TOP - 6, y2: bottom }),
    element("text", { x, y: TOP - 10, class: "axis middle" }, "chance"),
  )

const drawPart = (
  { name, n, before, after, changes }: PartRow,
  top: number,
  at: (share: number) => number,
): Markup => {
  const middle = top + ROW / 2
  return element(
    "g",
    {},
    element("text", { x: LEFT - 12, y: middle - 1, class: "label end" }, clipped(name)),
    element("text", { x: LEFT - 12, y: middle + 13, class: "axis end small" }, `n = ${n}`),
    before === undefined ? "" : drawBar(before, middle - BAR - 1, "before", at),
    after === undefined ? "" : drawBar(after, middle + 1, "after", at),
    element(
      "text",
      { x: RIGHT + 16, y: middle - 4, class: "axis" },
      before === undefined ? "–" : percent(before.value),
    ),
    element(
      "text",
      { x: RIGHT + 16, y: middle + 12, class: "value" },
      after === undefined ? "–" : percent(after.value),
    ),
    changes === undefined
      ? ""
      : element(
          "text",
          { x: WIDTH, y: middle + 12, class: "axis end" },
          `+${changes.gained} ${MINUS}${changes.lost}`,
        ),
  )
}

const drawBar = (
  { value, interval, runs }: Score,
  y: number,
  side: "before" | "after",
  at: (share: number) => number,
): Markup =>
  element(
    "g",
    { class: side },
    element(
      "rect",
      { x: at(0), y, width: Math.max(0.5, at(value) - at(0)), height: BAR, rx: 1.5 },
      element("title", {}, tip(side, value, interval)),
    ),
    ...(interval === undefined ? [] : errorLine(at(interval.low), at(interval.high), y + BAR / 2)),
    runs.length < 2
      ? ""
      : runs.map((run) => element("circle", { cx: at(run), cy: y + BAR / 2, r: 1.8, class: "run" })),
  )

/** With a rim in the page's colour, so that it shows on the bar and beside it. */
const errorLine = (from: number, to: number, y: number): ReadonlyArray<Markup> =>
  ["rim", "error"].map((name) => element("path", { d: `M${short(from)} ${y}H${short(to)}`, class: name }))

const tip = (side: string, value: number, interval: Interval | undefined): string =>
  `${side}: ${percent(value)}${interval === undefined ? "" : ` (95 %: ${percentInterval(interval)})`}`

const clipped = (name: string): string => {
  const letters = [...name]
  return letters.length > 36 ? `${letters.slice(0, 35).join("")}…` : name
}
