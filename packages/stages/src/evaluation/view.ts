import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { Type } from "typebox"
import { Value } from "typebox/value"
import { ALL_TOKENS_RULE, CLASS_RULE, type FeatureView, isRandom, type ScoringRule } from "./scoring-rule.ts"

/** The view that is asked for. */
export interface ViewRequest {
  readonly name: FeatureView["name"]
  /** How often random tokens are drawn, where the rule draws any. */
  readonly draws: number
  readonly seed: number
  /** The rule of the `original` view; the one in the model's `condition.json` when absent. */
  readonly scoring?: ScoringRule
}

/** A scoring rule as data: what `condition.json` holds as `scoring`. */
const ScoringRuleSchema = Type.Object(
  {
    local: Type.Union([
      Type.Literal("none"),
      Type.Literal("all"),
      Type.Object(
        { draw: Type.Integer({ minimum: 1, maximum: 1_000_000 }) },
        { additionalProperties: false },
      ),
      Type.Object(
        { drawShare: Type.Number({ exclusiveMinimum: 0, maximum: 1 }) },
        { additionalProperties: false },
      ),
    ]),
    normaliseTokens: Type.Boolean(),
    normaliseFeature: Type.Boolean(),
  },
  { additionalProperties: false },
)

/**
 * The rule behind a view's name.
 *
 * @param model the model's folder, whose `condition.json` says how its design is scored
 * @throws StageFailure when the `original` view is asked for and nobody says what it is
 */
export const resolveView = async (model: string, request: ViewRequest): Promise<FeatureView> => {
  const rule = await ruleOf(model, request)
  return { name: request.name, rule, draws: isRandom(rule) ? request.draws : 1, seed: request.seed }
}

const ruleOf = async (model: string, { name, scoring }: ViewRequest): Promise<ScoringRule> => {
  if (name === "class") return CLASS_RULE
  if (name === "all-tokens") return ALL_TOKENS_RULE
  return scoring ?? (await storedRule(join(model, "condition.json")))
}

const storedRule = async (file: string): Promise<ScoringRule> => {
  const text = await readFile(file, "utf8").catch(() => undefined)
  const hint = "give the evaluation a scoring rule, or take the view class or all-tokens"
  if (text === undefined)
    throw permanent("the original view needs a scoring rule, and this model has no condition.json", {
      file,
      hint,
    })
  const rule = scoringOf(text)
  if (!Value.Check(ScoringRuleSchema, rule))
    throw permanent("the model's condition.json says nothing usable as scoring", { file, hint })
  return rule
}

const scoringOf = (text: string): unknown => {
  try {
    const condition: unknown = JSON.parse(text)
    return typeof condition === "object" && condition !== null && "scoring" in condition
      ? condition.scoring
      : undefined
  } catch {
    return undefined
  }
}
