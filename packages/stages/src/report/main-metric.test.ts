import { describe, expect, it } from "vitest"
import { BENCHMARKS } from "../evaluation/catalogue/index.ts"
import { mainMetric } from "./main-metric.ts"

const ALL = [
  "acc1",
  "acc5",
  "mean_per_class_recall",
  "image_retrieval_recall@1",
  "image_retrieval_recall@5",
  "text_retrieval_recall@1",
]

describe("the metric that a benchmark is told by", () => {
  it("is the catalogue's", () => {
    for (const { name, title, task, metric } of BENCHMARKS) {
      if (task === "multilabel" || task === "pairs") continue
      const kind = task === "retrieval" ? "retrieval" : "zero-shot"
      expect(mainMetric(kind, name, ALL)).toBe(metric)
      expect(mainMetric(kind, title, ALL)).toBe(metric)
    }
  })

  it("is of unknown benchmarks the catalogue's for their task, or what there is", () => {
    expect(mainMetric("zero-shot", "my birds", ["acc5", "acc1"])).toBe("acc1")
    expect(mainMetric("zero-shot", "my scenes", ["mean_average_precision"])).toBe("mean_average_precision")
    expect(mainMetric("mmvp", "my pairs", ["average"])).toBe("average")
    const retrieval = BENCHMARKS.find(({ task }) => task === "retrieval")?.metric
    expect(mainMetric("retrieval", "my captions", ALL)).toBe(retrieval)
    expect(mainMetric("retrieval", "my captions", ["text_retrieval_recall@7"])).toBe(
      "text_retrieval_recall@7",
    )
    expect(mainMetric("zero-shot", "my birds", [])).toBeUndefined()
  })
})
