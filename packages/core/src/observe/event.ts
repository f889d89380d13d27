import { Schema } from "effect"

/** Milliseconds since 1970, UTC. */
const time = Schema.Number
const Digests = Schema.Record(Schema.String, Schema.String)

/** Why a task or an attempt failed, as it is told and kept. */
export const FailureReport = Schema.Struct({
  reason: Schema.Literals(["transient", "crash", "permanent", "cancelled", "timeout"]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** The file that was at fault, where there is one. */
  file: Schema.optionalKey(Schema.String),
  /** Where the pipeline declares the stage: `file:line:column`. */
  location: Schema.String,
  /** The attempt's log, absolute. */
  log: Schema.optionalKey(Schema.String),
})
export type FailureReport = typeof FailureReport.Type

export const RunStarted = Schema.TaggedStruct("RunStarted", {
  time,
  run: Schema.String,
  pipeline: Schema.String,
  /** The pipeline's document. */
  file: Schema.String,
  /** Of the program, Node, the tensor backend …, by name. */
  versions: Schema.Record(Schema.String, Schema.String),
  tasks: Schema.Array(Schema.Struct({ id: Schema.String, stage: Schema.String, version: Schema.Number })),
})
/** A task's outputs were in the store. */
export const TaskCached = Schema.TaggedStruct("TaskCached", {
  time,
  task: Schema.String,
  key: Schema.String,
  outputs: Digests,
})
/** An attempt begins. */
export const TaskStarted = Schema.TaggedStruct("TaskStarted", {
  time,
  task: Schema.String,
  key: Schema.String,
  attempt: Schema.Number,
  /** Why it isn't taken from the store. */
  reason: Schema.String,
})
export const TaskProgress = Schema.TaggedStruct("TaskProgress", {
  time,
  task: Schema.String,
  attempt: Schema.Number,
  done: Schema.Number,
  total: Schema.optionalKey(Schema.Number),
  unit: Schema.String,
  detail: Schema.optionalKey(Schema.String),
})
export const TaskLog = Schema.TaggedStruct("TaskLog", {
  time,
  task: Schema.String,
  /** 0 before the first attempt. */
  attempt: Schema.Number,
  level: Schema.Literals(["info", "warning"]),
  message: Schema.String,
})
/** An attempt failed and there will be another. */
export const AttemptFailed = Schema.TaggedStruct("AttemptFailed", {
  time,
  task: Schema.String,
  attempt: Schema.Number,
  failure: FailureReport,
  /** Seconds until the next attempt. */
  wait: Schema.Number,
})
export const TaskSucceeded = Schema.TaggedStruct("TaskSucceeded", {
  time,
  task: Schema.String,
  key: Schema.String,
  attempts: Schema.Number,
  /** From the beginning of the first attempt. */
  seconds: Schema.Number,
  outputs: Digests,
})
export const TaskFailed = Schema.TaggedStruct("TaskFailed", {
  time,
  task: Schema.String,
  attempts: Schema.Number,
  seconds: Schema.Number,
  failure: FailureReport,
})
/** A task cannot run because one that it needs failed. */
export const TaskBlocked = Schema.TaggedStruct("TaskBlocked", {
  time,
  task: Schema.String,
  by: Schema.Array(Schema.String),
})
export const TaskCancelled = Schema.TaggedStruct("TaskCancelled", { time, task: Schema.String })
export const RunFinished = Schema.TaggedStruct("RunFinished", {
  time,
  status: Schema.Literals(["succeeded", "failed", "cancelled"]),
  seconds: Schema.Number,
  /** Where the pipeline's outputs were placed, absolute. */
  outputs: Schema.Record(Schema.String, Schema.String),
})

/** What happens in a run, in the order in which it happens. */
export const RunEvent = Schema.Union([
  RunStarted,
  TaskCached,
  TaskStarted,
  TaskProgress,
  TaskLog,
  AttemptFailed,
  TaskSucceeded,
  TaskFailed,
  TaskBlocked,
  TaskCancelled,
  RunFinished,
])
export type RunEvent = typeof RunEvent.Type

/** An event to which the time has yet to be added. */
export type UntimedEvent = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, "time">
    : never
  : never
