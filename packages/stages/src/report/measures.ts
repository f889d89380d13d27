import type { Metrics } from "../evaluation/metrics/index.ts"

/** A metric as the report names, orders and compares it. */
export interface Measure {
  readonly metric: string
  readonly title: string
  /** The one metric of its benchmark that the headline speaks of. */
  readonly primary: boolean
  /** How the items of `items.outcomes` make up the metric. */
  readonly items: "plain" | "strata" | "clusters"
}

const measure = (
  metric: string,
  title: string,
  { primary = false, items = "plain" }: Partial<Pick<Measure, "primary" | "items">> = {},
): Measure => ({ metric, title, primary, items })

const MEASURES: Readonly<Record<Metrics["kind"], ReadonlyArray<Measure>>> = {
  mmvp: [measure("average", "pairs right", { primary: true, items: "strata" })],
  "zero-shot": [
    measure("acc1", "top-1 accuracy", { primary: true }),
    measure("acc5", "top-5 accuracy"),
    measure("mean_per_class_recall", "mean per-class recall", { items: "strata" }),
    measure("mean_average_precision", "mean average precision", { primary: true }),
  ],
  retrieval: [
    // CLIP_benchmark's own default is recall@5: less a matter of single items than recall@1.
    measure("image_retrieval_recall@5", "text → image, recall@5", { primary: true, items: "clusters" }),
    measure("image_retrieval_recall@1", "text → image, recall@1", { items: "clusters" }),
    measure("image_retrieval_recall@10", "text → image, recall@10", { items: "clusters" }),
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

const otherMeasure = (metric: string): Measure => {
  for (const [pattern, title, items] of OTHERS) {
    const k = pattern.exec(metric)?.[1]
    if (k !== undefined) return measure(metric, title(k), { items })
  }
  return measure(metric, metric)
}

/** The measures of the metrics that a benchmark of some kind has, in the order of the report: the usual ones first. */
export const measuresOf = (kind: Metrics["kind"], metrics: ReadonlySet<string>): ReadonlyArray<Measure> => {
  const usual = MEASURES[kind].filter(({ metric }) => metrics.has(metric))
  const others = [...metrics].filter((metric) => !usual.some((one) => one.metric === metric)).sort()
  return [...usual, ...others.map(otherMeasure)]
}

/** The order of benchmarks in a report: fine detail first, as it is what the method is for. */
export const kindOrder = (kind: Metrics["kind"]): number => KINDS.indexOf(kind)

/** What a benchmark's items are, in the plural. */
export const itemsOf = (kind: Metrics["kind"]): string => (kind === "mmvp" ? "pairs" : "images")

/** Whether a metric is the one by which a benchmark of its kind is told. */
export const isPrimary = (kind: Metrics["kind"], metric: string): boolean =>
  MEASURES[kind].some((measure) => measure.metric === metric && measure.primary)
