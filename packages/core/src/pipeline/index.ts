export {
  type InputValue,
  type Json,
  OutputReference,
  type Pipeline,
  type RetryPolicy,
  SourcePath,
  type Task,
} from "./pipeline.ts"
