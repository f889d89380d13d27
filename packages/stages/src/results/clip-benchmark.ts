import { type Static, Type } from "typebox"
import { Value } from "typebox/value"
import { type ImportedScore, type ReadResults, ResultsError, shareOf } from "./imported-score.ts"
import { findBenchmark, foreignName } from "./names.ts"

const ResultFile = Type.Object({
  dataset: Type.String(),
  model: Type.String(),
  pretrained: Type.String(),
  task: Type.String(),
  language: Type.Optional(Type.String()),
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
export const readClipBenchmarkJson = (text: string, source: string): ReadResults => {
  const value: unknown = JSON.parse(text)
  if (!Value.Check(ResultFile, value))
    throw new ResultsError(
      "the file is no result of CLIP_benchmark: it lacks dataset, model, pretrained, task or metrics",
    )
  return {
    scores: scoresOf(value, source),
    leftOut: [
      ...(KINDS[value.task] === undefined ? [`results of ${value.task}`] : []),
      ...unknownMetrics(Object.keys(value.metrics)),
    ],
  }
}

/** Reads the rows of CLIP_benchmark's tables (`clip_benchmark build`). */
export const readClipBenchmarkRows = (
  rows: ReadonlyArray<Readonly<Record<string, string>>>,
  source: string,
): ReadResults => {
  const foreign = [...new Set(rows.map(({ task = "" }) => task))].filter((task) => KINDS[task] === undefined)
  return {
    scores: rows.flatMap(
      ({ dataset = "", model = "", pretrained = "", task = "", language = "", ...metrics }) =>
        scoresOf({ dataset, model, pretrained, task, language, metrics }, source),
    ),
    leftOut: [
      ...foreign.map((task) => `rows of ${task === "" ? "no task" : task}`),
      ...unknownMetrics(Object.keys(rows[0] ?? {}).filter((column) => !ABOUT.has(column))),
    ],
  }
}

/** Columns beside the metrics; the last ones where class names and templates were asked for. */
const ABOUT = new Set([
  "dataset",
  "model",
  "pretrained",
  "task",
  "language",
  "model_fullname",
  "classnames",
  "templates",
])

const unknownMetrics = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const unknown = names.filter((name) => !METRIC.test(name))
  return unknown.length === 0 ? [] : [`what is no metric here: ${unknown.join(", ")}`]
}

const scoresOf = (
  { dataset, model, pretrained, task, language = "", metrics }: Result,
  source: string,
): ReadonlyArray<ImportedScore> => {
  const kind = KINDS[task]
  if (kind === undefined) return []
  const known = findBenchmark(dataset)
  const name = known?.name ?? foreignName(dataset)
  // Class names and prompts of another language make another score.
  const benchmark = language === "" || language === "en" ? name : `${name} (${language})`
  return Object.entries(metrics).flatMap(([metric, given]): ReadonlyArray<ImportedScore> => {
    if (!METRIC.test(metric)) return []
    const value = shareOf(given, `${metric} of ${model} on ${dataset}`)
    if (value === undefined) return []
    return [
      {
        model: pretrained === "" ? model : `${model} ${pretrained}`,
        benchmark,
        kind,
        metric,
        value,
        ...(known === undefined ? {} : { n: known.size }),
        source,
      },
    ]
  })
}
