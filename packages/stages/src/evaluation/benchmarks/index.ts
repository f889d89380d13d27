export type { Benchmark, BenchmarkSample, Question, Templates } from "./benchmark.ts"
export { checkTemplates, splitLines } from "./class-texts.ts"
export { openBenchmark } from "./open-benchmark.ts"
export { type BenchmarkPair, type PairSide, readPairsBenchmark } from "./pairs-benchmark.ts"
