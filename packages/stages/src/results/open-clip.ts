import type { MainMetric } from "../evaluation/catalogue/index.ts"
import { type ImportedScore, shareOf } from "./imported-score.ts"
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
      if (place === undefined) return []
      const value = shareOf(text, `${column} of ${name}`)
      // What was not measured is a zero there.
      if (value === undefined || value === 0) return []
      return [{ model: pretrained === "" ? name : `${name} ${pretrained}`, ...place, value, source }]
    }),
  )

/** The columns of such a table that hold no score of a metric and benchmark that are known here. */
export const unknownColumns = (columns: ReadonlyArray<string>): ReadonlyArray<string> =>
  columns.filter((column) => !ABOUT.has(column) && placeOf(column) === undefined)

const ABOUT = new Set(["name", "pretrained", "params (M)", "FLOPs (B)"])

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
