import { permanent } from "@diva-pipeline/core"
import { evaluate } from "../../evaluation/index.ts"

/** The main score of each kind of benchmark, the first that there is. */
const MAIN = ["average", "acc1", "mean_average_precision", "image_retrieval_recall@5"]

/** Images a batch. */
const BATCH = 32

/** The main score of a model on a benchmark of any task and layout, by the class token. */
export const scoreOf = async (
  model: string,
  benchmark: string,
  label: string,
  signal: AbortSignal,
): Promise<number> => {
  const { metrics } = await evaluate({
    model,
    benchmark,
    split: "test",
    against: [],
    tasks: ["classification", "multilabel", "retrieval", "pairs"],
    views: { draws: 1, seed: 0 },
    batch: BATCH,
    signal,
    progress: () => undefined,
    score: { view: "class", label, topK: [1], recallK: [5] },
  })
  const main = MAIN.find((name) => metrics.metrics[name] !== undefined)
  const score = main === undefined ? undefined : metrics.metrics[main]
  if (score !== undefined) return score
  throw permanent(`the benchmark ${label} gives none of the scores ${MAIN.join(", ")}`, { file: benchmark })
}
