import { Schema } from "effect"

/** Milliseconds since 1970, UTC. */
const time = Schema.Number
const Digests = Schema.Record(Schema.String, Schema.String)

/** One leaf of a task's input, as the key's record has it. */
const RecordedField = Schema.Struct({
  digest: Schema.String,
  kind: Schema.Literals(["value", "output", "source"]),
  shown: Schema.optionalKey(Schema.String),
})

/** Why a task or an attempt failed, as it is told and kept. */
export const FailureReport = Schema.Struct({
  reason: Schema.Literals(["transient", "crash", "permanent", "cancelled", "timeout"]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** The file that was at fault, where there is one. */
  file: Schema.optionalKey(Schema.String),
  /** Seconds that a server has asked to wait for. */
  retryAfter: Schema.optionalKey(Schema.Number),
  /** Where the pipeline declares the stage: `file:line:column`. */
  location: Schema.String,
  /** The attempt's log, absolute. */
  log: Schema.optionalKey(Schema.String),
})
export type FailureReport = typeof FailureReport.Type

/** What an attempt holds: cores, megabytes, graphics processors, shares of pools. */
const HeldResources = Schema.Struct({
  cpu: Schema.Number,
  memory: Schema.Number,
  gpu: Schema.Number,
  pools: Schema.Record(Schema.String, Schema.Number),
})

/** How large an output is. */
export const OutputSize = Schema.Struct({ bytes: Schema.Number, files: Schema.Number })
export type OutputSize = typeof OutputSize.Type

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
/** What a run was made of, beside its versions. */
export const RunDescribed = Schema.TaggedStruct("RunDescribed", {
  time,
  /** The parameters' values, by name. */
  params: Schema.Record(Schema.String, Schema.Json),
  /** The documents that were read, with the SHA-256 of their bytes. */
  documents: Schema.Array(Schema.Struct({ file: Schema.String, digest: Schema.String })),
  /** What is checked out where the document is; absent outside of git. */
  git: Schema.optionalKey(
    Schema.Struct({ commit: Schema.String, branch: Schema.optionalKey(Schema.String) }),
  ),
  machine: Schema.Struct({
    /** `linux 6.1.0 x64`. */
    system: Schema.String,
    /** The processor's name, as it gives it. */
    processor: Schema.String,
    cores: Schema.Number,
    /** Main memory, in bytes. */
    memory: Schema.Number,
  }),
})
export type RunDescribed = typeof RunDescribed.Type
/** Whether files that git knows differ from the commit; told once a run that computes something has asked. */
export const WorkTreeChecked = Schema.TaggedStruct("WorkTreeChecked", { time, dirty: Schema.Boolean })
/** A task's outputs were in the store; the key's record has what its inputs were. */
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
  /** The leaves of the task's input by their place, and what else its key depends on: told with the first attempt. */
  inputs: Schema.optionalKey(Schema.Record(Schema.String, RecordedField)),
  environment: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** What the attempt holds. */
  resources: Schema.optionalKey(HeldResources),
  /** Indexes of the graphics processors that it holds. */
  gpus: Schema.optionalKey(Schema.Array(Schema.Number)),
})
/** An attempt is over, whatever becomes of its task. */
export const AttemptEnded = Schema.TaggedStruct("AttemptEnded", {
  time,
  task: Schema.String,
  attempt: Schema.Number,
  result: Schema.Literals(["succeeded", "failed", "cancelled"]),
  /** Seconds that the stage itself took. */
  stageSeconds: Schema.Number,
  /** Seconds until its outputs were in the store. */
  commitSeconds: Schema.optionalKey(Schema.Number),
  /** The most memory that its process and what that started have used at a time, in bytes; unknown within the engine. */
  peakMemory: Schema.optionalKey(Schema.Number),
  /** How large its outputs are. */
  sizes: Schema.optionalKey(Schema.Record(Schema.String, OutputSize)),
})
export type AttemptEnded = typeof AttemptEnded.Type
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
  RunDescribed,
  WorkTreeChecked,
  TaskCached,
  TaskStarted,
  AttemptEnded,
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
