export { type AtHand, findAtHand } from "./at-hand.ts"
export { BENCHMARKS } from "./catalogue.ts"
export {
  type BenchmarkEntry,
  type BenchmarkSource,
  type BenchmarkTask,
  type MainMetric,
  TEMPLATES_FILE,
} from "./entry.ts"
export { type BenchmarkRequest, fetchBenchmark } from "./fetch-benchmark.ts"
