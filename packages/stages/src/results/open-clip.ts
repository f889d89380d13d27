import type { MainMetric } from "../evaluation/catalogue/index.ts"
import type { ImportedScore } from "./imported-score.ts"
import { findBenchmark } from "./names.ts"

/** `Flickr image retr. R@1` */
const RETRIEVAL = /^(.+?) (image|text) retr\. R@(\d+)$/

/** What open_clip's table of averages tells of a benchmark: its paper's own metric, the mean of both ways of retrieval. */
const METRICS: Readonly<Record<MainMetric, string | undefined>> = {
  acc1: "acc1",
  mean_per_class_recall: "mean_per_class_recall",
  // Of VOC2007 the tables have the accuracy of its single-label variant, of retrieval a mean of two recalls.
  mean_average_precision: undefined,
  "image_retrieval_recall@5": undefined,
  average: undefined,
}

/** Reads the rows of open_clip's tables: `openclip_results.csv` and `openclip_retrieval_results.csv`, a model a row. */
export const readOpenClipRows = (
  rows: ReadonlyArray<Readonly<Record<string, string>>>,
  source: string,
): ReadonlyArray<ImportedScore> =>
  rows.flatMap(({ name = "", pretrained = "", ...columns }) =>
    Object.entries(columns).flatMap(([column, text]): ReadonlyArray<ImportedScore> => {
      const place = placeOf(column)
      const value = Number(text)
      // What was not measured is a zero there.
      if (place === undefined || text.trim() === "" || !(value > 0 && value <= 1)) return []
      return [{ model: pretrained === "" ? name : `${name} ${pretrained}`, ...place, value, source }]
    }),
  )

type Place = Pick<ImportedScore, "benchmark" | "kind" | "metric" | "n">

const placeOf = (column: string): Place | undefined => {
  const [, dataset, way, k] = RETRIEVAL.exec(column) ?? []
  const known = findBenchmark(dataset ?? column)
  if (known === undefined) return undefined
  const metric = dataset === undefined ? METRICS[known.metric] : `${way}_retrieval_recall@${k}`
  if (metric === undefined) return undefined
  return {
    benchmark: known.name,
    kind: dataset === undefined ? "zero-shot" : "retrieval",
    metric,
    n: known.size,
  }
}
