export { type DesignName, designNamed, designNames, isDesignName } from "./catalogue.ts"
export {
  CONDITION_FILE,
  type Condition,
  type ConditionDimensions,
  conditionJson,
  readCondition,
} from "./condition.ts"
export {
  type ConditionDesign,
  completeDesign,
  type DesignInput,
  type DesignScoring,
  designSchema,
} from "./design.ts"
export { fitDesign, type ModelSizes } from "./fit-design.ts"
export { type DesignScoringRule, scoringRule } from "./scoring-rule.ts"
