import type { FailureReport, RunEvent } from "./event.ts"

/** How a task ended. `unfinished`: the run itself ended without a word about it. */
export type TaskStatus = "succeeded" | "cached" | "failed" | "blocked" | "cancelled" | "unfinished"

/** What became of a task in a run. */
export interface TaskSummary {
  readonly id: string
  readonly stage: string
  readonly status: TaskStatus
  /** Why it ran, when it did. */
  readonly reason?: string
  readonly attempts: number
  /** Seconds from the beginning of its first attempt. */
  readonly seconds: number
  /** Digests of its outputs. */
  readonly outputs: Readonly<Record<string, string>>
  readonly failure?: FailureReport
  /** The tasks whose failure blocked it. */
  readonly blockedBy?: ReadonlyArray<string>
}

/** Where outputs are, by their names: of those that the types know, each may be missing. */
export type PlacedOutputs<Output extends string> = string extends Output
  ? Readonly<Record<string, string>>
  : { readonly [Name in Output]?: string }

/**
 * A run in short.
 *
 * @typeParam Output the names of the pipeline's outputs, where the types know them
 */
export interface RunSummary<Output extends string = string> {
  readonly run: string
  readonly pipeline: string
  /** `unfinished`: the process was killed, or still runs. */
  readonly status: "succeeded" | "failed" | "cancelled" | "unfinished"
  /** ISO 8601, UTC. */
  readonly started: string
  readonly seconds: number
  readonly tasks: ReadonlyArray<TaskSummary>
  /** Where the pipeline's outputs are, absolute; those of tasks that are not done are missing. */
  readonly outputs: PlacedOutputs<Output>
}

const applyTo = (task: TaskSummary, event: RunEvent): TaskSummary => {
  switch (event._tag) {
    case "TaskCached":
      return { ...task, status: "cached", outputs: event.outputs }
    case "TaskStarted":
      return { ...task, attempts: event.attempt, reason: event.reason }
    case "TaskSucceeded":
      return { ...task, status: "succeeded", seconds: event.seconds, outputs: event.outputs }
    case "TaskFailed":
      return { ...task, status: "failed", seconds: event.seconds, failure: event.failure }
    case "TaskBlocked":
      return { ...task, status: "blocked", blockedBy: event.by }
    case "TaskCancelled":
      return { ...task, status: "cancelled" }
    default:
      return task
  }
}

/** What a run's events come to, whether it has ended or not. */
export const summarise = (events: Iterable<RunEvent>): RunSummary => {
  const tasks = new Map<string, TaskSummary>()
  let run: Omit<RunSummary, "tasks"> = {
    run: "",
    pipeline: "",
    status: "unfinished",
    started: "",
    seconds: 0,
    outputs: {},
  }
  for (const event of events) {
    if (event._tag === "RunStarted") {
      run = { ...run, run: event.run, pipeline: event.pipeline, started: new Date(event.time).toISOString() }
      for (const { id, stage } of event.tasks) {
        tasks.set(id, { id, stage, status: "unfinished", attempts: 0, seconds: 0, outputs: {} })
      }
    } else if (event._tag === "RunFinished") {
      run = { ...run, status: event.status, seconds: event.seconds, outputs: event.outputs }
    } else if ("task" in event) {
      const task = tasks.get(event.task)
      if (task !== undefined) tasks.set(event.task, applyTo(task, event))
    }
  }
  return { ...run, tasks: [...tasks.values()] }
}
