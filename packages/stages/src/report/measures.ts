import type { Metrics } from "../evaluation/metrics/index.ts"
import { mainMetric } from "./main-metric.ts"

/** A metric as the report names, orders and compares it. */
export interface Measure {
  readonly metric: string
  readonly title: string
  /** The one metric of its benchmark that the headline speaks of. */
  readonly primary: boolean
  /** How the items of `items.outcomes` make up the metric. */
  readonly items: "plain" | "strata" | "clusters"
}

type Described = Omit<Measure, "primary">

const measure = (metric: string, title: string, items: Measure["items"] = "plain"): Described => ({
  metric,
  title,
  items,
})

const MEASURES: Readonly<Record<Metrics["kind"], ReadonlyArray<Described>>> = {
  mmvp: [measure("average", "pairs right", "strata")],
  "zero-shot": [
    measure("acc1", "top-1 accuracy"),
    measure("acc5", "top-5 accuracy"),
    measure("mean_per_class_recall", "mean per-class recall", "strata"),
    measure("mean_average_precision", "mean average precision"),
  ],
  retrieval: [
    measure("image_retrieval_recall@1", "text → image, recall@1", "clusters"),
    measure("image_retrieval_recall@5", "text → image, recall@5", "clusters"),
    measure("image_retrieval_recall@10", "text → image, recall@10", "clusters"),
    measure("text_retrieval_recall@1", "image → text, recall@1"),
    measure("text_retrieval_recall@5", "image → text, recall@5"),
    measure("text_retrieval_recall@10", "image → text, recall@10"),
  ],
}

const KINDS: ReadonlyArray<Metrics["kind"]> = ["mmvp", "zero-shot", "retrieval"]

/** Metrics that an evaluation was asked for beside the usual ones: `acc3`, `text_retrieval_recall@20`. */
const OTHERS: ReadonlyArray<readonly [RegExp, (k: string) => string, Measure["items"]]> = [
  [/^acc(\d+)$/, (k) => `top-${k} accuracy`, "plain"],
  [/^image_retrieval_recall@(\d+)$/, (k) => `text → image, recall@${k}`, "clusters"],
  [/^text_retrieval_recall@(\d+)$/, (k) => `image → text, recall@${k}`, "plain"],
]

const otherMeasure = (metric: string): Described => {
  for (const [pattern, title, items] of OTHERS) {
    const k = pattern.exec(metric)?.[1]
    if (k !== undefined) return measure(metric, title(k), items)
  }
  return measure(metric, metric)
}

/** The measures of the metrics that a benchmark has, in the order of the report: its main one first, then the usual ones. */
export const measuresOf = (
  kind: Metrics["kind"],
  metrics: ReadonlySet<string>,
  benchmark = "",
): ReadonlyArray<Measure> => {
  const usual = MEASURES[kind].filter(({ metric }) => metrics.has(metric))
  const others = [...metrics].filter((metric) => !usual.some((one) => one.metric === metric)).sort()
  const described = [...usual, ...others.map(otherMeasure)]
  const main = mainMetric(
    kind,
    benchmark,
    described.map(({ metric }) => metric),
  )
  const all = described.map((one) => ({ ...one, primary: one.metric === main }))
  return [...all.filter(({ primary }) => primary), ...all.filter(({ primary }) => !primary)]
}

/** A metric as the report calls it. */
export const metricTitle = (kind: Metrics["kind"], metric: string): string =>
  (MEASURES[kind].find((one) => one.metric === metric) ?? otherMeasure(metric)).title

/** The order of benchmarks in a report: fine detail first, as it is what the method is for. */
export const kindOrder = (kind: Metrics["kind"]): number => KINDS.indexOf(kind)
