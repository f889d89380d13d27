import type { DesignScoring } from "./design.ts"

/** How the feature of an image is made of the tokens after the final norm and projection. */
export interface DesignScoringRule {
  /** The patch tokens whose mean is added to the class token. */
  readonly local: "none" | "all" | { readonly draw: number } | { readonly drawShare: number }
  /** Whether each token is brought to length 1 first. */
  readonly normaliseTokens: boolean
  /** Whether the sum is brought to length 1. */
  readonly normaliseFeature: boolean
  /** What cosines are multiplied by, where it isn't the model's own scale. */
  readonly logitScale?: number
}

/** The rule by which a design's own evaluation scores images. */
export const scoringRule = (scoring: DesignScoring): DesignScoringRule => ({
  local: localOf(scoring.local),
  normaliseTokens: scoring["normalise-tokens"],
  normaliseFeature: scoring["normalise-feature"],
  ...(scoring["logit-scale"] === "model" ? {} : { logitScale: scoring["logit-scale"] }),
})

const localOf = (local: DesignScoring["local"]): DesignScoringRule["local"] => {
  if (typeof local === "string") return local
  return "random" in local ? { draw: local.random } : { drawShare: local["random-share"] }
}
