import { stat } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { evaluateMmvp, evaluateRetrieval, evaluateZeroShot, resolveView } from "../../evaluation/index.ts"

/** The main score of each kind of benchmark, the first that there is. */
const MAIN = ["average", "acc1", "mean_average_precision", "image_retrieval_recall@1"]

/** Images a batch. */
const BATCH = 32

/**
 * The main score of a model on a benchmark's folder, by the class token: pairs as of MMVP, classes, or captions,
 * whichever the folder holds.
 */
export const scoreOf = async (
  model: string,
  benchmark: string,
  label: string,
  signal: AbortSignal,
): Promise<number> => {
  const evaluate = await evaluationOf(benchmark)
  const view = await resolveView(model, { name: "class", draws: 1, seed: 0 })
  const request = { model, benchmark, label, view, batch: BATCH, signal, progress: () => undefined }
  const { metrics } = await evaluate(request)
  const main = MAIN.find((name) => metrics[name] !== undefined)
  const score = main === undefined ? undefined : metrics[main]
  if (score !== undefined) return score
  throw permanent(`the benchmark ${label} gives none of the scores ${MAIN.join(", ")}`, { file: benchmark })
}

const evaluationOf = async (benchmark: string) => {
  if (await exists(join(benchmark, "Questions.csv"))) return evaluateMmvp
  return (await exists(join(benchmark, "classnames.txt"))) ? evaluateZeroShot : evaluateRetrieval
}

const exists = async (file: string): Promise<boolean> =>
  (await stat(file).catch(() => undefined)) !== undefined
