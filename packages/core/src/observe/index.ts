export { type RunBrief, TaskCounts } from "./brief.ts"
export { type ChromeEvent, type ChromeTrace, chromeTrace } from "./chrome-trace.ts"
export { describeRun, digestDocuments } from "./description.ts"
export { FailureReport, OutputSize, RunEvent, type UntimedEvent } from "./event.ts"
export { isDirty } from "./git.ts"
export { type Change, type Ingredients, ingredientChanges } from "./ingredients.ts"
export { type Journal, openJournal, readJournal } from "./journal.ts"
export { type OtlpSpan, type OtlpTrace, otlpTrace } from "./otlp-trace.ts"
export { readRequest, writeRequest } from "./request.ts"
export {
  type Cause,
  compareRuns,
  keysToCompare,
  type RecordOf,
  type RunDifference,
  type TaskDifference,
} from "./run-difference.ts"
export { type AttemptRecord, type RunRecord, recordRun, type TaskRecord } from "./run-record.ts"
export {
  latestRun,
  listRuns,
  matchingRuns,
  planRemoval,
  type Removal,
  type RemovalRule,
  readRun,
  removeRuns,
} from "./runs.ts"
export { type Mask, makeMask, maskEvent } from "./secrets.ts"
export {
  type PlacedOutputs,
  type RunSummary,
  summarise,
  type TaskStatus,
  type TaskSummary,
} from "./summary.ts"
export { type TimelineEntry, timelineOf } from "./timeline.ts"
