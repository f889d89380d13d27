import { smooth, type TrainingPoint, thin } from "../training-log.ts"
import { linearScale, type Scale } from "./axis.ts"
import { element, type Markup, short } from "./markup.ts"

const WIDTH = 820
const HEIGHT = 300
const LEFT = 64
const RIGHT = 806
const TOP = 12
const BOTTOM = 252
/** More points than this don't show on a line of this width. */
const MOST_POINTS = 600

/** The training loss over the steps: each step's, thin, and the mean of its neighbourhood, bold. */
export const lossCurve = (series: ReadonlyArray<TrainingPoint>): Markup => {
  const raw = thin(series, MOST_POINTS)
  const smoothed = thin(smooth(series), MOST_POINTS)
  const losses = series.map(({ loss }) => loss)
  const [low, high] = [Math.min(...losses), Math.max(...losses)]
  const margin = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1
  const x = linearScale([series[0]?.step ?? 0, series.at(-1)?.step ?? 1], [LEFT, RIGHT], 8)
  const y = linearScale([Math.max(0, low - margin), high + margin], [BOTTOM, TOP], 5)
  return element(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-labelledby": "loss-title loss-text",
      class: "chart",
    },
    element("title", { id: "loss-title" }, "Training loss over the optimiser steps"),
    element("desc", { id: "loss-text" }, describe(series)),
    ...y.ticks.map((tick) => horizontal(tick, y)),
    ...x.ticks.map((tick) =>
      element("text", { x: x.at(tick), y: BOTTOM + 20, class: "axis middle" }, tick.toFixed(x.decimals)),
    ),
    element("text", { x: (LEFT + RIGHT) / 2, y: BOTTOM + 42, class: "axis middle" }, "optimiser step"),
    element("path", { d: line(raw, x, y), class: "loss-raw" }),
    element("path", { d: line(smoothed, x, y), class: "loss-smooth" }),
  )
}

const describe = (series: ReadonlyArray<TrainingPoint>): string => {
  const smoothed = smooth(series)
  return `${series.length} steps; smoothed loss ${significant(smoothed[0]?.loss ?? 0)} at the start and ${significant(smoothed.at(-1)?.loss ?? 0)} at the end.`
}

/** Four significant digits. */
export const significant = (value: number): string => String(Number(value.toPrecision(4)))

const horizontal = (tick: number, y: Scale): Markup =>
  element(
    "g",
    {},
    element("line", { x1: LEFT, x2: RIGHT, y1: y.at(tick), y2: y.at(tick), class: "grid" }),
    element("text", { x: LEFT - 8, y: y.at(tick) + 4, class: "axis end" }, tick.toFixed(y.decimals)),
  )

const line = (series: ReadonlyArray<TrainingPoint>, x: Scale, y: Scale): string =>
  series
    .map(({ step, loss }, index) => `${index === 0 ? "M" : "L"}${short(x.at(step))} ${short(y.at(loss))}`)
    .join("")
