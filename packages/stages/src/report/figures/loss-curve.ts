import { smooth, type TrainingPoint, thin } from "../training-log.ts"
import type { Drawing } from "./draw.ts"
import { colour } from "./theme.ts"

/** More points than this are no finer on a screen. */
const MOST_POINTS = 400

/** A number with three significant digits. */
export const significant = (value: number): string => String(Number(value.toPrecision(3)))

/** The loss of each step and the mean of its neighbourhood. */
export const lossCurve = (training: ReadonlyArray<TrainingPoint>): Drawing => {
  const smoothed = smooth(training)
  const points = (series: ReadonlyArray<TrainingPoint>) =>
    thin(series, MOST_POINTS).map(({ step, loss }) => ({
      step: Math.round(step),
      loss: Number(loss.toPrecision(6)),
    }))
  const x = { field: "step", type: "quantitative" as const, scale: { nice: false }, axis: { grid: false } }
  const y = {
    field: "loss",
    type: "quantitative" as const,
    scale: { zero: false },
    title: "loss",
    axis: { grid: true, tickCount: 5 },
  }
  return {
    name: "loss",
    title: "Loss of the training",
    text: `From ${significant(smoothed[0]?.loss ?? 0)} to ${significant(smoothed.at(-1)?.loss ?? 0)} in ${training.length} steps.`,
    spec: {
      width: 700,
      height: 190,
      layer: [
        {
          data: { values: points(training) },
          mark: { type: "line", color: colour("before"), strokeWidth: 1, opacity: 0.6 },
          encoding: { x, y },
        },
        {
          data: { values: points(smoothed) },
          mark: { type: "line", color: colour("after"), strokeWidth: 2.5 },
          encoding: { x, y },
        },
      ],
    },
  }
}
