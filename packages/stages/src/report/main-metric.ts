import type { MainMetric } from "../evaluation/catalogue/index.ts"
import type { Metrics } from "../evaluation/metrics/index.ts"
import { findBenchmark } from "../results/index.ts"

/** What benchmarks are told by that the catalogue doesn't know. */
const USUAL: Readonly<Record<Metrics["kind"], ReadonlyArray<MainMetric>>> = {
  mmvp: ["average"],
  "zero-shot": ["mean_average_precision", "acc1"],
  retrieval: ["image_retrieval_recall@1"],
}

/**
 * The metric that a benchmark is told by in one number: the catalogue's where it knows the benchmark, else the usual one of
 * its kind; where neither was measured the first that was.
 */
export const mainMetric = (
  kind: Metrics["kind"],
  benchmark: string,
  measured: Iterable<string>,
): string | undefined => {
  const told = new Set(measured)
  const [first] = told
  const known = findBenchmark(benchmark)
  const wanted: ReadonlyArray<string> = [...(known === undefined ? [] : [known.metric]), ...USUAL[kind]]
  return wanted.find((metric) => told.has(metric)) ?? first
}
