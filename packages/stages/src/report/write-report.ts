import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { decodeMetrics, type Metrics, MetricsFileError } from "../evaluation/metrics/index.ts"
import { findChangedPairs } from "./changed-pairs.ts"
import { compareBenchmarks } from "./comparison.ts"
import { summaryMarkdown } from "./markdown.ts"
import { reportPage } from "./page/index.ts"
import type { Report } from "./report.ts"
import { summaryJson } from "./summary.ts"
import { parseTrainingLog, TrainingLogError, type TrainingPoint } from "./training-log.ts"

/** What a report is made of: paths of metrics files and of what else it shows. */
export interface ReportSources {
  readonly title: string
  readonly before: ReadonlyArray<string>
  readonly after: ReadonlyArray<string>
  readonly training?: string
  /** A pairs benchmark, for pictures of the pairs whose answer changed. */
  readonly pairs?: string
  readonly details: Readonly<Record<string, string | number | boolean>>
}

/** Reads the sources and compares before and after. */
export const buildReport = Effect.fnUntraced(function* (sources: ReportSources) {
  const before = yield* Effect.forEach(sources.before, readMetrics)
  const after = yield* Effect.forEach(sources.after, readMetrics)
  if (before.length + after.length === 0)
    return yield* permanent("a report needs at least one metrics file", {
      hint: "give the metrics outputs of evaluate/… stages as before and after",
    })
  const training = sources.training === undefined ? [] : yield* readTraining(sources.training)
  const { pairs } = sources
  const changedPairs =
    pairs === undefined ? [] : yield* attempt(() => findChangedPairs(pairs, before, after), pairs)
  const details = Object.entries(sources.details)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, String(value)] as const)
  const report: Report = {
    title: sources.title,
    comparisons: compareBenchmarks({ before, after }),
    training,
    details,
    changedPairs,
  }
  return report
})

/** Writes `summary.json`, `summary.md` and `index.html` into the folder: the same bytes for the same report. */
export const writeReport = Effect.fnUntraced(function* (folder: string, report: Report) {
  const files = {
    "summary.json": summaryJson(report),
    "summary.md": summaryMarkdown(report),
    "index.html": reportPage(report),
  }
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name)
    yield* attempt(() => writeFile(file, text), file)
  }
})

/** A file operation; what it throws becomes the stage's failure. */
const attempt = <A>(work: () => Promise<A>, file: string): Effect.Effect<A, StageFailure> =>
  Effect.tryPromise({
    try: work,
    catch: (error) =>
      error instanceof StageFailure
        ? error
        : permanent(error instanceof Error ? error.message : String(error), { file }),
  })

const readMetrics = (file: string): Effect.Effect<Metrics, StageFailure> =>
  attempt(async () => {
    const text = await readFile(file, "utf8")
    try {
      return decodeMetrics(text)
    } catch (error) {
      if (!(error instanceof MetricsFileError)) throw error
      throw permanent(`this is no metrics file: ${error.message}`, {
        file,
        hint: "before and after take the metrics outputs of evaluate/… stages",
      })
    }
  }, file)

const readTraining = (file: string): Effect.Effect<ReadonlyArray<TrainingPoint>, StageFailure> =>
  attempt(async () => {
    const text = await readFile(file, "utf8")
    try {
      return parseTrainingLog(text)
    } catch (error) {
      if (!(error instanceof TrainingLogError)) throw error
      throw permanent(`this is no training log: ${error.message}`, { file })
    }
  }, file)
