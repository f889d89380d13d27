export { evaluateMmvp } from "./mmvp.ts"
export type { EvaluationRequest } from "./request.ts"
export { evaluateRetrieval } from "./retrieval.ts"
export {
  ALL_TOKENS_RULE,
  CLASS_RULE,
  type FeatureView,
  isRandom,
  type LocalTokens,
  type ScoringRule,
} from "./scoring-rule.ts"
export { resolveView, type ViewRequest } from "./view.ts"
export { writeMetrics } from "./write-metrics.ts"
export { evaluateZeroShot } from "./zero-shot.ts"
