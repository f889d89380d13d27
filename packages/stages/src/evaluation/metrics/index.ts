export { averagePrecision, rankedSamples } from "./average-precision.ts"
export {
  ClassAnswerKeeper,
  type ClassAnswers,
  countByClass,
  meanPerClassRecall,
  type Scores,
} from "./classification.ts"
export {
  ACCURACIES,
  accuraciesOf,
  classificationMetrics,
  type LabelledAnswers,
} from "./classification-metrics.ts"
export { decodeMetrics, encodeMetrics, type Metrics, MetricsFileError, type Part } from "./metrics-file.ts"
export { type MultiLabelScores, multiLabelMetrics } from "./multi-label-metrics.ts"
export { pairMetrics, type ScoredPair } from "./pair-metrics.ts"
export {
  averageOfCategories,
  isPairRight,
  PAIR_CHANCE,
  type PairScores,
  scoreByCategory,
  shareOfFirst,
} from "./pairs.ts"
export { type Matches, type RetrievalAnswers, retrieve, type SimilarityBlocks } from "./retrieval.ts"
export { type FoundMatches, RECALLS, retrievalMetrics } from "./retrieval-metrics.ts"
export type { Evaluated } from "./scored.ts"
