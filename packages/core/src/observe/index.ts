export { FailureReport, RunEvent, type UntimedEvent } from "./event.ts"
export { type Journal, latestRun, listRuns, openJournal, readJournal } from "./journal.ts"
export { type Mask, makeMask, maskEvent } from "./secrets.ts"
export { type RunSummary, summarise, type TaskStatus, type TaskSummary } from "./summary.ts"
