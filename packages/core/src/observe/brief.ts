import { readFileSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import { isRunning, ownIdentity, ProcessIdentity } from "../store/index.ts"
import type { RunEvent } from "./event.ts"

/** How many tasks ended in each way. */
export const TaskCounts = Schema.Struct({
  succeeded: Schema.Number,
  cached: Schema.Number,
  failed: Schema.Number,
  blocked: Schema.Number,
  cancelled: Schema.Number,
})
export type TaskCounts = typeof TaskCounts.Type

/** A run in a few words, kept beside its journal so that a list of runs need not read journals. */
export const RunBrief = Schema.Struct({
  run: Schema.String,
  pipeline: Schema.String,
  /** `unfinished`: its process ended without a word. */
  status: Schema.Literals(["running", "succeeded", "failed", "cancelled", "unfinished"]),
  /** Milliseconds since 1970, UTC. */
  started: Schema.Number,
  /** Until its end, or until its last sign of life. */
  seconds: Schema.Number,
  tasks: Schema.Number,
  counts: TaskCounts,
  /** The process that runs it; absent when it is over. */
  process: Schema.optionalKey(ProcessIdentity),
})
export type RunBrief = typeof RunBrief.Type

const noCounts: TaskCounts = { succeeded: 0, cached: 0, failed: 0, blocked: 0, cancelled: 0 }

const countOf: Partial<Record<RunEvent["_tag"], keyof TaskCounts>> = {
  TaskSucceeded: "succeeded",
  TaskCached: "cached",
  TaskFailed: "failed",
  TaskBlocked: "blocked",
  TaskCancelled: "cancelled",
}

/** Follows a run's events to its brief. */
export class BriefWriter {
  #brief: RunBrief = {
    run: "",
    pipeline: "",
    status: "unfinished",
    started: 0,
    seconds: 0,
    tasks: 0,
    counts: noCounts,
  }
  readonly #counts = { ...noCounts }

  /** Whether the event changes what others should know at once: the run has begun, or has ended. */
  follow(event: RunEvent): boolean {
    const count = countOf[event._tag]
    if (count !== undefined) this.#counts[count] += 1
    if (event._tag === "RunStarted") {
      const { run, pipeline, time: started } = event
      this.#brief = { ...this.#brief, run, pipeline, started, status: "running", tasks: event.tasks.length }
      return true
    }
    if (event._tag !== "RunFinished") return false
    this.#brief = { ...this.#brief, status: event.status, seconds: event.seconds }
    return true
  }

  get brief(): RunBrief {
    const brief = { ...this.#brief, counts: { ...this.#counts } }
    return brief.status === "running" ? { ...brief, process: ownIdentity() } : brief
  }
}

/** What a run's events come to in brief. Without its end it is `unfinished`. */
export const briefOf = (events: Iterable<RunEvent>): RunBrief => {
  const writer = new BriefWriter()
  let last = 0
  for (const event of events) {
    writer.follow(event)
    last = event.time
  }
  const { process: _process, ...brief } = writer.brief
  if (brief.status !== "running") return brief
  return { ...brief, status: "unfinished", seconds: (last - brief.started) / 1000 }
}

const fileOf = (folder: string): string => join(folder, "summary.json")
/** How long a run on another machine is believed to live without a sign of life, in milliseconds. */
const PATIENCE = 60_000

/** Keeps the brief of a run in its folder; others see it whole or not at all. */
export const writeBrief = (folder: string, brief: RunBrief): void => {
  const partial = `${fileOf(folder)}.partial`
  writeFileSync(partial, JSON.stringify(brief))
  renameSync(partial, fileOf(folder))
}

/** A sign of life of a run that goes on. */
export const touchBrief = (folder: string): void => {
  try {
    utimesSync(fileOf(folder), new Date(), new Date())
  } catch {
    // It was removed, or the disk is in trouble: the run has other ways to notice.
  }
}

const parseBrief = Schema.decodeUnknownSync(Schema.fromJsonString(RunBrief))

/** The brief that a run has left, as it was written; undefined where there is none. */
export const readBrief = (folder: string): RunBrief | undefined => {
  try {
    return parseBrief(readFileSync(fileOf(folder), "utf8"))
  } catch {
    return undefined
  }
}

/** Whether the process of a run that has not ended still lives. */
export const isAlive = (folder: string, { process }: RunBrief): boolean => {
  const running = process === undefined ? false : isRunning(process)
  if (running !== undefined) return running
  const touched = statSync(fileOf(folder), { throwIfNoEntry: false })?.mtimeMs ?? 0
  return Date.now() - touched < PATIENCE
}
