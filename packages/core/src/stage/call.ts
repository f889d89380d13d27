import { Schema } from "effect"
import type { Progress, StageContext } from "./context.ts"
import { Origin } from "./origin.ts"

/** One attempt at a task, as data: what crosses the border to a host process. */
export const StageCall = Schema.Struct({
  stage: Schema.String,
  version: Schema.Number,
  /** The file with the stage's code, when it is no part of the program. */
  module: Schema.optionalKey(Schema.String),
  /** Complete; artefacts are absolute paths. */
  input: Schema.Record(Schema.String, Schema.Unknown),
  outputs: Schema.Record(Schema.String, Schema.String),
  /** Of the artefacts in `input` that tasks have made, by their places. */
  origins: Schema.optionalKey(Schema.Record(Schema.String, Origin)),
  scratch: Schema.String,
  checkpoint: Schema.String,
  /** Artefacts of the last time, by the names of outputs. */
  previous: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** Variables that the attempt may read; they reach a host through its pipe, not through its process's environment. */
  environment: Schema.Record(Schema.String, Schema.String),
  gpus: Schema.Array(Schema.Number),
  attempt: Schema.Number,
})
export type StageCall = typeof StageCall.Type

/** Where an attempt's signs of life go. */
export interface AttemptSink {
  readonly progress: (progress: Progress) => void
  readonly log: StageContext["log"]
  /** A line that the host process, or something native in it, wrote to its stdout or stderr. */
  readonly output: (line: string) => void
  /** What an attempt in a host has used, told when it is over, however it ended. */
  readonly measured?: (measures: Measures) => void
}

/** What an attempt has used. */
export interface Measures {
  /** The most memory that the host and what it started have held at a time, in bytes. */
  readonly peakMemory: number
}
