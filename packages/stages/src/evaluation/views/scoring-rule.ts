import type { Metrics } from "../metrics/index.ts"

/** Which patch tokens are averaged and added to the class token: none, all, or some drawn with replacement. */
export type LocalTokens = "none" | "all" | { readonly draw: number } | { readonly drawShare: number }

/** How the feature of an image is made of the tokens after the final norm and projection. */
export interface ScoringRule {
  readonly local: LocalTokens
  /** Whether each token is brought to length 1 before they are added. */
  readonly normaliseTokens: boolean
  /** Whether the feature is brought to length 1 at the end. */
  readonly normaliseFeature: boolean
  /** What cosines are multiplied by, where it isn't the model's own scale. */
  readonly logitScale?: number
}

/** A feature of an image, under the name by which metrics of different features are kept apart. */
export interface FeatureView {
  readonly name: Metrics["view"]
  readonly rule: ScoringRule
  /** How often random tokens are drawn; 1 where nothing is random. */
  readonly draws: number
  readonly seed: number
}

/** MMVP's and CLIP_benchmark's own: the class token alone. */
export const CLASS_RULE: ScoringRule = { local: "none", normaliseTokens: false, normaliseFeature: true }

/** Class token + mean of all patch tokens, then brought to length 1: for models whose own evaluation adds no patches. */
export const ALL_TOKENS_RULE: ScoringRule = { local: "all", normaliseTokens: false, normaliseFeature: true }

/** Whether two evaluations by this rule can differ. */
export const isRandom = ({ local }: ScoringRule): boolean => typeof local === "object"
