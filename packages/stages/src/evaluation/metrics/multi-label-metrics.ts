import { type Interval, mean, percentileInterval } from "../../statistics/index.ts"
import { averagePrecision, rankedSamples } from "./average-precision.ts"
import type { Scores } from "./classification.ts"
import type { Metrics } from "./metrics-file.ts"
import { digestOf, type Evaluated, head, intervalStream, means, spreadOf } from "./scored.ts"

/** How often the images are resampled: for the interval, and for comparing two models on the same resamples. */
const RESAMPLES = 1000

/** A benchmark whose images have several labels each. */
export interface MultiLabelScores {
  /** One set of scores for each draw of the view. */
  readonly draws: readonly [Scores, ...ReadonlyArray<Scores>]
  readonly keys: ReadonlyArray<string>
  readonly classnames: ReadonlyArray<string>
  /** `[samples, classes]`: 1 where the image has the label. */
  readonly targets: Uint8Array
}

/** Mean average precision, with a bootstrap interval over the images. */
export const multiLabelMetrics = (about: Evaluated, given: MultiLabelScores): Metrics => {
  const { targets, classnames, keys } = given
  const classes = classnames.length
  const orders = given.draws.map((scores) => classnames.map((_, label) => rankedSamples(scores, label)))
  const precision = (order: Int32Array, label: number, weights?: Float64Array): number =>
    averagePrecision(order, (sample) => targets[sample * classes + label] === 1, weights)
  const average = (weights?: Float64Array): number[] =>
    orders.map((draw) => mean(draw.map((order, label) => precision(order, label, weights))))
  const values = { mean_average_precision: average() }
  const resamples = resampled(average, keys.length)
  const positives = classnames.map(
    (_, label) => keys.filter((_, s) => targets[s * classes + label] === 1).length,
  )
  return {
    ...head("zero-shot", about, given.draws.length, keys.length),
    metrics: means(values),
    intervals: { mean_average_precision: intervalOf(mean(values.mean_average_precision), resamples) },
    ...spreadOf(values),
    chance: { mean_average_precision: mean(positives) / keys.length },
    per_class: classnames.map((name, label) => ({
      name,
      n: positives[label] ?? 0,
      value: mean(orders.map((draw) => precision(draw[label] ?? Int32Array.of(), label))),
    })),
    items: {
      digest: digestOf([...keys, targets.join("")]),
      outcomes: {},
      resamples: { mean_average_precision: resamples },
    },
  }
}

/** The mean over the draws in resamples of the images, which depend on nothing but how many images there are. */
const resampled = (average: (weights?: Float64Array) => ReadonlyArray<number>, n: number): Array<number> => {
  const stream = intervalStream("mean_average_precision")
  return Array.from({ length: RESAMPLES }, () => {
    const weights = new Float64Array(n)
    for (const drawn of stream.integers(n, n)) weights[drawn] = (weights[drawn] ?? 0) + 1
    return mean(average(weights))
  })
}

const intervalOf = (estimate: number, resamples: ReadonlyArray<number>): Interval =>
  percentileInterval({ estimate, replicates: Float64Array.from(resamples).sort() })
