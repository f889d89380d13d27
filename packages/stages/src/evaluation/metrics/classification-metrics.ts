import { type Interval, mean, stratifiedInterval, wilsonInterval } from "../../statistics/index.ts"
import {
  averagePrecision,
  countByClass,
  labelRanks,
  meanPerClassRecall,
  rankedSamples,
  type Scores,
  topK,
} from "./classification.ts"
import type { Metrics, Part } from "./metrics-file.ts"
import {
  asText,
  digestOf,
  type Evaluated,
  head,
  intervalStream,
  means,
  shareInterval,
  spreadOf,
} from "./scored.ts"

const MULTI_LABEL_RESAMPLES = 200

/** A classification benchmark's answers. */
export interface LabelledScores {
  /** One set of scores for each draw of the view. */
  readonly draws: readonly [Scores, ...ReadonlyArray<Scores>]
  readonly labels: Int32Array
  readonly keys: ReadonlyArray<string>
  readonly classnames: ReadonlyArray<string>
}

/** Top-1, top-5 (from five classes on) and mean per-class recall. */
export const classificationMetrics = (about: Evaluated, given: LabelledScores): Metrics => {
  const { labels, classnames, keys } = given
  const ranks = given.draws.map((scores) => labelRanks(scores, labels))
  const hits = ranks.map((list) => topK(list, 1))
  const hits5 = classnames.length >= 5 ? ranks.map((list) => topK(list, 5)) : undefined
  const counts = hits.map((list) => countByClass(list, labels, classnames.length))
  const byClass = classnames.map((name, label): Part => classPart(name, counts, label))
  const values = {
    acc1: hits.map(mean),
    ...(hits5 === undefined ? {} : { acc5: hits5.map(mean) }),
    mean_per_class_recall: counts.map(meanPerClassRecall),
  }
  return {
    ...head("zero-shot", about, given.draws.length, labels.length),
    metrics: means(values),
    intervals: {
      acc1: shareInterval(hits),
      ...(hits5 === undefined ? {} : { acc5: shareInterval(hits5) }),
      mean_per_class_recall: stratifiedInterval(
        byClass.map(({ n, value }) => ({ trials: n, successes: n * value })),
      ),
    },
    ...spreadOf(values),
    chance: classificationChance(classnames.length),
    per_class: byClass,
    items: {
      digest: digestOf(keys),
      outcomes: { acc1: hits.map(asText), ...(hits5 === undefined ? {} : { acc5: hits5.map(asText) }) },
    },
  }
}

const classificationChance = (classes: number): Record<string, number> => ({
  acc1: 1 / classes,
  ...(classes < 5 ? {} : { acc5: 5 / classes }),
  mean_per_class_recall: 1 / classes,
})

const classPart = (
  name: string,
  counts: ReadonlyArray<ReturnType<typeof countByClass>>,
  label: number,
): Part => {
  const n = counts[0]?.[label]?.samples ?? 0
  const right = mean(counts.map((count) => count[label]?.right ?? 0))
  return { name, n, value: n === 0 ? 0 : right / n, interval: wilsonInterval(right, n) }
}

/** A benchmark whose images have several labels each. */
export interface MultiLabelScores extends Omit<LabelledScores, "labels"> {
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
