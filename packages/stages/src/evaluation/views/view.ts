import { stat } from "node:fs/promises"
import { join } from "node:path"
import {
  CONDITION_FILE,
  type ConditionDesign,
  readCondition,
  scoringRule,
} from "../../condition/designs/index.ts"
import { ALL_TOKENS_RULE, CLASS_RULE, type FeatureView, isRandom, type ScoringRule } from "./scoring-rule.ts"

/** The views that are asked for. */
export interface ViewsRequest {
  /** All that the model has, when absent. */
  readonly names?: ReadonlyArray<FeatureView["name"]>
  /** How often random tokens are drawn, where the rule draws any. */
  readonly draws: number
  readonly seed: number
  /** The design whose own evaluation the `original` view follows; the model's when absent. */
  readonly design?: ConditionDesign
}

/**
 * The rules behind the views' names. `all-tokens` is the design's own rule with all tokens in place of drawn ones, so
 * that it is what the original view is on average, without its randomness.
 *
 * @param model the model's folder, whose `condition.json` holds its design
 * @throws StageFailure when the `original` view is asked for and neither request nor model says of which design
 */
export const resolveViews = async (
  model: string,
  { names, draws, seed, design }: ViewsRequest,
): Promise<ReadonlyArray<FeatureView>> => {
  const original = await originalRule(model, design, names?.includes("original") ?? false)
  const known: Record<FeatureView["name"], ScoringRule | undefined> = {
    class: CLASS_RULE,
    original,
    "all-tokens":
      original === undefined || original.local === "none" ? ALL_TOKENS_RULE : { ...original, local: "all" },
  }
  const all: ReadonlyArray<FeatureView["name"]> = ["class", "original", "all-tokens"]
  return all.flatMap((name) => {
    const rule = known[name]
    if (rule === undefined || !(names ?? all).includes(name)) return []
    return [{ name, rule, draws: isRandom(rule) ? draws : 1, seed }]
  })
}

const originalRule = async (
  model: string,
  design: ConditionDesign | undefined,
  isNeeded: boolean,
): Promise<ScoringRule | undefined> => {
  if (design !== undefined) return scoringRule(design.scoring)
  const file = join(model, CONDITION_FILE)
  const isThere = await stat(file).then(
    () => true,
    () => false,
  )
  return isThere || isNeeded ? scoringRule((await readCondition(file)).design.scoring) : undefined
}
