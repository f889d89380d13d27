import { type Static, Type } from "typebox"
import { Value } from "typebox/value"
import { type ImportedScore, ResultsError } from "./imported-score.ts"
import { findBenchmark, foreignName } from "./names.ts"

const ResultFile = Type.Object({
  dataset: Type.String(),
  model: Type.String(),
  pretrained: Type.String(),
  task: Type.String(),
  metrics: Type.Record(Type.String(), Type.Unknown()),
})
type Result = Static<typeof ResultFile>

/** CLIP_benchmark's tasks that we have metrics of. */
const KINDS: Readonly<Record<string, ImportedScore["kind"]>> = {
  zeroshot_classification: "zero-shot",
  zeroshot_retrieval: "retrieval",
}

const METRIC =
  /^(acc1|acc5|mean_per_class_recall|mean_average_precision|(?:image|text)_retrieval_recall@\d+)$/

/** Reads one of CLIP_benchmark's result files (`clip_benchmark eval`). */
export const readClipBenchmarkJson = (text: string, source: string): ReadonlyArray<ImportedScore> => {
  const value: unknown = JSON.parse(text)
  if (!Value.Check(ResultFile, value))
    throw new ResultsError(
      "the file is no result of CLIP_benchmark: it lacks dataset, model, pretrained, task or metrics",
    )
  return scoresOf(value, source)
}

/** Reads the rows of CLIP_benchmark's tables (`clip_benchmark build`). */
export const readClipBenchmarkRows = (
  rows: ReadonlyArray<Readonly<Record<string, string>>>,
  source: string,
): ReadonlyArray<ImportedScore> =>
  rows.flatMap(({ dataset = "", model = "", pretrained = "", task = "", ...metrics }) =>
    scoresOf({ dataset, model, pretrained, task, metrics }, source),
  )

const scoresOf = (
  { dataset, model, pretrained, task, metrics }: Result,
  source: string,
): ReadonlyArray<ImportedScore> => {
  const kind = KINDS[task]
  if (kind === undefined) return []
  const known = findBenchmark(dataset)
  return Object.entries(metrics).flatMap(([metric, given]): ReadonlyArray<ImportedScore> => {
    const value = shareOf(given)
    if (!METRIC.test(metric) || value === undefined) return []
    return [
      {
        model: pretrained === "" ? model : `${model} ${pretrained}`,
        benchmark: known?.name ?? foreignName(dataset),
        kind,
        metric,
        value,
        ...(known === undefined ? {} : { n: known.size }),
        source,
      },
    ]
  })
}

/** A share in 0…1; what is missing in a table is an empty text. */
const shareOf = (value: unknown): number | undefined => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
  return typeof number === "number" && number >= 0 && number <= 1 ? number : undefined
}
