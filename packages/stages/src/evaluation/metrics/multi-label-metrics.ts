import { type Interval, mean } from "../../statistics/index.ts"
import { averagePrecision, rankedSamples } from "./average-precision.ts"
import type { Scores } from "./classification.ts"
import type { Metrics } from "./metrics-file.ts"
import { digestOf, type Evaluated, head, intervalStream, means, spreadOf } from "./scored.ts"

const MULTI_LABEL_RESAMPLES = 200

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
  const positives = classnames.map(
    (_, label) => keys.filter((_, s) => targets[s * classes + label] === 1).length,
  )
  return {
    ...head("zero-shot", about, given.draws.length, keys.length),
    metrics: means(values),
    intervals: { mean_average_precision: precisionInterval(average, keys.length) },
    ...spreadOf(values),
    chance: { mean_average_precision: mean(positives) / keys.length },
    per_class: classnames.map((name, label) => ({
      name,
      n: positives[label] ?? 0,
      value: mean(orders.map((draw) => precision(draw[label] ?? Int32Array.of(), label))),
    })),
    items: { digest: digestOf(keys), outcomes: {} },
  }
}

const precisionInterval = (
  average: (weights?: Float64Array) => ReadonlyArray<number>,
  n: number,
): Interval => {
  const stream = intervalStream("mean_average_precision")
  const resampled = Float64Array.from({ length: MULTI_LABEL_RESAMPLES }, () => {
    const weights = new Float64Array(n)
    for (const drawn of stream.integers(n, n)) weights[drawn] = (weights[drawn] ?? 0) + 1
    return mean(average(weights))
  }).sort()
  const estimate = mean(average())
  const cut = Math.floor(MULTI_LABEL_RESAMPLES * 0.025)
  return {
    low: Math.min(estimate, resampled[cut] ?? 0),
    high: Math.max(estimate, resampled[MULTI_LABEL_RESAMPLES - 1 - cut] ?? 1),
  }
}
