export type { Environment } from "./environment.ts"
export type { NamedPath } from "./inputs.ts"
export { InvalidPipeline } from "./invalid-pipeline.ts"
export { LANGUAGE_VERSION, NAME_PATTERN } from "./language.ts"
export { languageSchema } from "./language-schema.ts"
export { checkPath, type LoadOptions, loadPipeline } from "./load.ts"
export { MemberNames } from "./member-names.ts"
export type { GivenParam } from "./params.ts"
export {
  type InputValue,
  type Json,
  OutputReference,
  type Pipeline,
  type RetryableReason,
  type RetryPolicy,
  type RetryRule,
  SourcePath,
  type Task,
} from "./pipeline.ts"
export { type ProgramTask, programTask } from "./program-task.ts"
export { DURATION_EXAMPLES, parseDuration, parseSize, SIZE_EXAMPLES } from "./quantities.ts"
export { readUsedStages, type UsedStage, type UsedStages } from "./used-stages.ts"
export { locate, toJson, type Value } from "./value.ts"
