import { BENCHMARKS, type BenchmarkTask } from "../evaluation/catalogue/index.ts"
import type { Metrics } from "../evaluation/metrics/index.ts"
import { findBenchmark } from "../results/index.ts"

/** The tasks of a kind. Of classifications, those with several labels an image are known by having its metric. */
const TASKS: Readonly<Record<Metrics["kind"], ReadonlyArray<BenchmarkTask>>> = {
  mmvp: ["pairs"],
  "zero-shot": ["multilabel", "classification"],
  retrieval: ["retrieval"],
}

/** What the catalogue's benchmarks of a kind are told by: the first of each task. */
const usual = (kind: Metrics["kind"]): ReadonlyArray<string> =>
  TASKS[kind].flatMap((task) => BENCHMARKS.find((entry) => entry.task === task)?.metric ?? [])

/**
 * The metric that a benchmark is told by in one number: the catalogue's where it knows the benchmark, else what it tells
 * others of the kind by; where neither was measured the first that was.
 */
export const mainMetric = (
  kind: Metrics["kind"],
  benchmark: string,
  measured: Iterable<string>,
): string | undefined => {
  const told = new Set(measured)
  const [first] = told
  const known = findBenchmark(benchmark)
  const wanted = [...(known === undefined ? [] : [known.metric]), ...usual(kind)]
  return wanted.find((metric) => told.has(metric)) ?? first
}
