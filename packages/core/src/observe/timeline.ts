import type { AttemptRecord, RunRecord, TaskRecord } from "./run-record.ts"

/** An attempt on the row in which it is drawn. */
export interface TimelineEntry {
  readonly task: TaskRecord
  readonly attempt: AttemptRecord
  /** Of attempts that ran at the same time none share a row; 0 is the first. */
  readonly row: number
  /** Milliseconds since 1970, UTC; the end of the run for an attempt that never ended. */
  readonly begun: number
  readonly ended: number
}

/** The attempts of a run by their beginning, on as few rows as they need. */
export const timelineOf = (run: RunRecord): ReadonlyArray<TimelineEntry> => {
  const end = run.started + run.seconds * 1000
  const attempts = run.tasks.flatMap((task) => task.attempts.map((attempt) => ({ task, attempt })))
  attempts.sort((a, b) => a.attempt.begun - b.attempt.begun)
  const rowEnds: Array<number> = []
  return attempts.map(({ task, attempt }) => {
    const { begun } = attempt
    const ended = Math.max(begun, attempt.ended ?? end)
    const free = rowEnds.findIndex((rowEnd) => rowEnd <= begun)
    const row = free < 0 ? rowEnds.length : free
    rowEnds[row] = ended
    return { task, attempt, row, begun, ended }
  })
}

/** The tasks whose outputs a task has read, as far as the run has told. */
export const readBy = (task: TaskRecord): ReadonlyArray<string> => [
  ...new Set(
    Object.values(task.inputs ?? {}).flatMap(({ kind, shown }) =>
      kind === "output" && shown !== undefined ? [shown.slice(0, shown.lastIndexOf("."))] : [],
    ),
  ),
]
