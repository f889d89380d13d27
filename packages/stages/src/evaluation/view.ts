import { join } from "node:path"
import {
  CONDITION_FILE,
  type ConditionDesign,
  readCondition,
  scoringRule,
} from "../condition/designs/index.ts"
import { ALL_TOKENS_RULE, CLASS_RULE, type FeatureView, isRandom, type ScoringRule } from "./scoring-rule.ts"

/** The view that is asked for. */
export interface ViewRequest {
  readonly name: FeatureView["name"]
  /** How often random tokens are drawn, where the rule draws any. */
  readonly draws: number
  readonly seed: number
  /** The design whose own evaluation the `original` view follows; the model's when absent. */
  readonly design?: ConditionDesign
}

/**
 * The rule behind a view's name.
 *
 * @param model the model's folder, whose `condition.json` holds its design
 * @throws StageFailure when the `original` view is asked for and neither request nor model says of which design
 */
export const resolveView = async (model: string, request: ViewRequest): Promise<FeatureView> => {
  const rule = await ruleOf(model, request)
  return { name: request.name, rule, draws: isRandom(rule) ? request.draws : 1, seed: request.seed }
}

const ruleOf = async (model: string, { name, design }: ViewRequest): Promise<ScoringRule> => {
  if (name === "class") return CLASS_RULE
  if (name === "all-tokens") return ALL_TOKENS_RULE
  const { scoring } = design ?? (await readCondition(join(model, CONDITION_FILE))).design
  return scoringRule(scoring)
}
