export { type AtHand, findAtHand } from "./at-hand.ts"
export { BENCHMARKS } from "./catalogue.ts"
export type { BenchmarkEntry, BenchmarkSource, BenchmarkTask, MainMetric } from "./entry.ts"
export { type BenchmarkRequest, fetchBenchmark } from "./fetch-benchmark.ts"
