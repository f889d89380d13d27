export {
  type ClassificationBenchmark,
  type LabelledImage,
  openClassificationBenchmark,
} from "./classification-benchmark.ts"
export { type BenchmarkPair, type PairSide, readPairsBenchmark } from "./pairs-benchmark.ts"
export { type CaptionedImage, readRetrievalBenchmark } from "./retrieval-benchmark.ts"
