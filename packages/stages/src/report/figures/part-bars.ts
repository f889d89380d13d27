import type { Cell } from "../cells.ts"
import type { PartRow } from "../parts.ts"
import { chanceText, differenceText, estimateText, scoreText, verdictWords } from "../words.ts"
import type { Drawing } from "./draw.ts"
import { clipped } from "./text-width.ts"
import { colour } from "./theme.ts"

const ROW = 44

const VERDICTS = {
  domain: ["better", "worse", "within-noise", "unchanged"],
  range: [colour("better"), colour("worse"), colour("noise"), colour("noise")],
}

/** Bars for each class or category, before and after, with intervals and the line of chance. */
export const partBars = (cell: Cell): Drawing => {
  const { parts, name, id } = cell
  const labels = parts.map(({ name: part, n }) => `${clipped(part, 40)} (n = ${n})`)
  const values = parts.flatMap((part, index) => barsOf(part, labels[index] ?? ""))
  const sides = (["before", "after"] as const).filter((side) => values.some((bar) => bar.side === side))
  const changes = parts.flatMap(({ difference }, index) =>
    difference === undefined
      ? []
      : [{ label: labels[index], told: differenceText(difference), verdict: difference.verdict }],
  )
  const chance = cell.rows.find(({ measure }) => measure.primary)?.chance
  const y = {
    field: "label",
    type: "nominal" as const,
    sort: labels,
    title: null,
    scale: { paddingInner: 0.3 },
  }
  const yOffset = { field: "side", type: "nominal" as const, sort: [...sides] }
  const color = {
    field: "side",
    type: "nominal" as const,
    scale: { domain: ["before", "after"], range: [colour("before"), colour("after")] },
    legend: null,
  }
  const x = {
    type: "quantitative" as const,
    title: "right (%)",
    scale: { domain: [0, 100] },
    axis: { tickCount: 5 },
  }
  const rule = (stroke: "page" | "ink", width: number, opacity: number) => ({
    mark: { type: "rule" as const, color: colour(stroke), strokeWidth: width, opacity },
    encoding: { x: { field: "low", ...x }, x2: { field: "high" }, y, yOffset },
  })
  return {
    name: `parts-${id}`,
    title: `${name}: share right in each part`,
    text: `${parts.map(describe).join(" ")} Chance is ${chanceText(chance)}.`,
    spec: {
      width: 430,
      height: parts.length * (sides.length === 1 ? 30 : ROW),
      data: { values },
      layer: [
        {
          mark: { type: "bar" },
          encoding: { x: { field: "value", ...x }, y, yOffset, color },
        },
        // A rim in the page's colour, so that the interval shows on the bar and beside it.
        rule("page", 4, 0.8),
        rule("ink", 1.3, 1),
        ...(chance === undefined
          ? []
          : [
              {
                data: { values: [{ at: chance * 100 }] },
                mark: { type: "rule" as const, color: colour("ink"), strokeDash: [3, 3], strokeWidth: 1.2 },
                encoding: { x: { field: "at", ...x } },
              },
            ]),
        {
          mark: { type: "text", align: "left", fontSize: 11.5, color: colour("ink") },
          encoding: {
            x: { datum: 100, ...x },
            xOffset: { value: 12 },
            y,
            yOffset,
            text: { field: "told", type: "nominal" },
          },
        },
        ...(changes.length === 0
          ? []
          : [
              {
                data: { values: changes },
                mark: { type: "text" as const, align: "left" as const, fontSize: 11.5 },
                encoding: {
                  x: { datum: 100, ...x },
                  xOffset: { value: 68 },
                  y,
                  text: { field: "told", type: "nominal" as const },
                  color: { field: "verdict", type: "nominal" as const, scale: VERDICTS, legend: null },
                },
              },
            ]),
      ],
      resolve: { scale: { color: "independent" } },
    },
  }
}

const barsOf = ({ before, after }: PartRow, label: string) =>
  (["before", "after"] as const).flatMap((side) => {
    const score = side === "before" ? before : after
    if (score === undefined) return []
    const { value, interval } = score
    return [
      {
        label,
        side,
        value: value * 100,
        low: interval.low * 100,
        high: interval.high * 100,
        told: scoreText(score),
      },
    ]
  })

const describe = ({ name, before, after, difference }: PartRow): string =>
  `${name}: ${[
    ...(before === undefined ? [] : [`${estimateText(before)} before`]),
    ...(after === undefined ? [] : [`${estimateText(after)} after`]),
    ...(difference === undefined
      ? []
      : [`${differenceText(difference)} points, ${verdictWords(difference.verdict)}`]),
  ].join(", ")}.`
