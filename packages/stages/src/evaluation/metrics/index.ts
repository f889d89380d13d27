export {
  averagePrecision,
  countByClass,
  labelRanks,
  meanPerClassRecall,
  rankedSamples,
  type Scores,
  topK,
} from "./classification.ts"
export {
  classificationMetrics,
  type LabelledScores,
  type MultiLabelScores,
  multiLabelMetrics,
} from "./classification-metrics.ts"
export { decodeMetrics, encodeMetrics, type Metrics, MetricsFileError, type Part } from "./metrics-file.ts"
export { pairMetrics, type ScoredPair } from "./pair-metrics.ts"
export { averageOfCategories, isPairRight, PAIR_CHANCE, type PairScores, scoreByCategory } from "./pairs.ts"
export { imageRanks, type Similarities, textRanks } from "./retrieval.ts"
export { type RetrievalScores, retrievalMetrics } from "./retrieval-metrics.ts"
export type { Evaluated } from "./scored.ts"
