export type { Environment } from "./environment.ts"
export { InvalidPipeline } from "./invalid-pipeline.ts"
export { LANGUAGE_VERSION } from "./language.ts"
export { languageSchema } from "./language-schema.ts"
export { type LoadOptions, loadPipeline } from "./load.ts"
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
export { DURATION_EXAMPLES, parseDuration, parseSize, SIZE_EXAMPLES } from "./quantities.ts"
