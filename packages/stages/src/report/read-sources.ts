import { readFile } from "node:fs/promises"
import { permanent, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { decodeMetrics, type Metrics, MetricsFileError } from "../evaluation/metrics/index.ts"
import { decodeImported, type ImportedScore } from "../results/index.ts"
import { parseTrainingLog, TrainingLogError, type TrainingPoint } from "./training-log.ts"

/** A file operation; what it throws becomes the stage's failure. */
export const attempt = <A>(work: () => Promise<A>, file: string): Effect.Effect<A, StageFailure> =>
  Effect.tryPromise({
    try: work,
    catch: (error) =>
      error instanceof StageFailure
        ? error
        : permanent(error instanceof Error ? error.message : String(error), { file }),
  })

/** Reads a metrics file. */
export const readMetrics = (file: string): Effect.Effect<Metrics, StageFailure> =>
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

/** Reads a training log. */
export const readTraining = (file: string): Effect.Effect<ReadonlyArray<TrainingPoint>, StageFailure> =>
  attempt(async () => {
    const text = await readFile(file, "utf8")
    try {
      return parseTrainingLog(text)
    } catch (error) {
      if (!(error instanceof TrainingLogError)) throw error
      throw permanent(`this is no training log: ${error.message}`, { file })
    }
  }, file)

/** Reads imported results. */
export const readImported = (file: string): Effect.Effect<ReadonlyArray<ImportedScore>, StageFailure> =>
  attempt(async () => decodeImported(await readFile(file, "utf8")), file)
