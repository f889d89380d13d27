export { unitLength, viewFeatures } from "./image-feature.ts"
export { CLASS_RULE, type FeatureView, isRandom, type ScoringRule } from "./scoring-rule.ts"
export { resolveViews, type ViewsRequest } from "./view.ts"
