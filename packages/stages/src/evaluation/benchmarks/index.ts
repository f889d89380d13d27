export { type BenchmarkPair, type PairSide, readPairsBenchmark } from "./pairs-benchmark.ts"
