import { Schema } from "effect"

/** Where an input artefact comes from, when a task of the pipeline has made it: what tells its reader how to trace it. */
export const Origin = Schema.Struct({
  /** The digest of its content. */
  artefact: Schema.String,
  /** The task and its output, as the pipeline names them. */
  task: Schema.String,
  output: Schema.String,
  /** The task's cache key. */
  key: Schema.String,
  stage: Schema.String,
  version: Schema.Number,
  /** What of the machine the task depended on: `tensor-backend`. */
  environment: Schema.Record(Schema.String, Schema.String),
  /** The task's own input by place: short values, outputs as `task.output`; where neither, the beginning of a digest. */
  inputs: Schema.Record(Schema.String, Schema.String),
})
export type Origin = typeof Origin.Type
