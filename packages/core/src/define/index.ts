export {
  type DefinedStage,
  definePipeline,
  type PipelineBuilder,
  type PipelineHeader,
} from "./define-pipeline.ts"
export type {
  DefinedMatrix,
  DefinedMember,
  GatheredOutputs,
  MatrixAxes,
  MatrixCases,
  MemberValues,
} from "./matrix.ts"
export type { RetryRuleSettings, StageSettings } from "./settings.ts"
export type { Given, StageOutputs } from "./types.ts"
export { LocalPath, StageOutput } from "./values.ts"
