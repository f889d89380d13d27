import type { RunRecord } from "./run-record.ts"
import { readBy, type TimelineEntry, timelineOf } from "./timeline.ts"

/** An event of the Chrome trace format, which chrome://tracing and Perfetto show. Times are in microseconds. */
export interface ChromeEvent {
  readonly ph: "X" | "M" | "C" | "s" | "f"
  readonly pid: 1
  readonly tid: number
  readonly ts: number
  readonly name: string
  readonly dur?: number
  readonly cat?: string
  readonly id?: number
  readonly bp?: "e"
  readonly args?: Readonly<Record<string, unknown>>
}

/** A trace as a file holds it. */
export interface ChromeTrace {
  readonly displayTimeUnit: "ms"
  readonly otherData: Readonly<Record<string, string>>
  readonly traceEvents: ReadonlyArray<ChromeEvent>
}

const microseconds = (run: RunRecord, time: number): number => Math.round((time - run.started) * 1000)
/** Row 0 of the timeline is thread 1; thread 0 is the run. */
const threadOf = (entry: TimelineEntry): number => entry.row + 1

const slices = (run: RunRecord, entry: TimelineEntry): ReadonlyArray<ChromeEvent> => {
  const { task, attempt, begun, ended } = entry
  const common = { ph: "X", pid: 1, tid: threadOf(entry) } as const
  const slice: ChromeEvent = {
    ...common,
    name: attempt.attempt === 1 ? task.id : `${task.id} (attempt ${attempt.attempt})`,
    cat: "attempt",
    ts: microseconds(run, begun),
    dur: Math.round((ended - begun) * 1000),
    args: {
      stage: `${task.stage} version ${task.version}`,
      key: task.key,
      reason: task.reason,
      result: attempt.result ?? "unfinished",
      failure: attempt.failure?.message,
      peakMemory: attempt.peakMemory,
      outputs: task.outputs,
    },
  }
  if (attempt.commitSeconds === undefined || attempt.commitSeconds === 0) return [slice]
  const dur = Math.min(Math.round(attempt.commitSeconds * 1e6), slice.dur ?? 0)
  const ts = slice.ts + (slice.dur ?? 0) - dur
  return [slice, { ...common, name: "commit", cat: "commit", ts, dur }]
}

/** An arrow from what a task has read to the task. */
const flows = (run: RunRecord, timeline: ReadonlyArray<TimelineEntry>): ReadonlyArray<ChromeEvent> => {
  const last = new Map(timeline.map((entry) => [entry.task.id, entry]))
  let id = 0
  return timeline.flatMap((entry) => {
    if (entry.attempt.attempt !== 1) return []
    return readBy(entry.task).flatMap((name): ReadonlyArray<ChromeEvent> => {
      const source = last.get(name)
      if (source === undefined || source.ended > entry.begun) return []
      id += 1
      const flow = { pid: 1, name: "output", cat: "flow", id } as const
      // An arrow begins and ends within slices.
      const from = Math.max(microseconds(run, source.begun), microseconds(run, source.ended) - 1)
      return [
        { ...flow, ph: "s", tid: threadOf(source), ts: from },
        { ...flow, ph: "f", bp: "e", tid: threadOf(entry), ts: microseconds(run, entry.begun) },
      ]
    })
  })
}

/** The memory that attempts were given and how many ran, as steps over time. */
const counters = (run: RunRecord, timeline: ReadonlyArray<TimelineEntry>): ReadonlyArray<ChromeEvent> => {
  const steps = timeline.flatMap(({ begun, ended, attempt }) => {
    const peak = (attempt.peakMemory ?? 0) / 1e6
    return [
      { time: begun, tasks: 1, megabytes: peak },
      { time: ended, tasks: -1, megabytes: -peak },
    ]
  })
  steps.sort((a, b) => a.time - b.time || a.tasks - b.tasks)
  let [tasks, megabytes] = [0, 0]
  return steps.flatMap((step): ReadonlyArray<ChromeEvent> => {
    tasks += step.tasks
    megabytes += step.megabytes
    const common = { ph: "C", pid: 1, tid: 0, ts: microseconds(run, step.time) } as const
    return [
      { ...common, name: "running tasks", args: { tasks } },
      {
        ...common,
        name: "peak memory of running hosts (MB)",
        args: { megabytes: Math.max(0, Math.round(megabytes)) },
      },
    ]
  })
}

const nameThread = (tid: number, name: string): ReadonlyArray<ChromeEvent> => [
  { ph: "M", pid: 1, tid, ts: 0, name: "thread_name", args: { name } },
  { ph: "M", pid: 1, tid, ts: 0, name: "thread_sort_index", args: { sort_index: tid } },
]

/** A run as a Chrome trace: a row for each task that ran at a time, arrows from outputs to their readers. */
export const chromeTrace = (run: RunRecord): ChromeTrace => {
  const timeline = timelineOf(run)
  const rows = Math.max(0, ...timeline.map(threadOf))
  const whole: ChromeEvent = {
    ph: "X",
    pid: 1,
    tid: 0,
    ts: 0,
    dur: Math.round(run.seconds * 1e6),
    name: run.pipeline,
    cat: "run",
    args: { status: run.status, params: run.params, git: run.git },
  }
  return {
    displayTimeUnit: "ms",
    otherData: { run: run.run, pipeline: run.pipeline, ...run.versions },
    traceEvents: [
      { ph: "M", pid: 1, tid: 0, ts: 0, name: "process_name", args: { name: `${run.pipeline} ${run.run}` } },
      ...nameThread(0, "run"),
      ...Array.from({ length: rows }, (_, row) => nameThread(row + 1, `slot ${row + 1}`)).flat(),
      whole,
      ...timeline.flatMap((entry) => slices(run, entry)),
      ...flows(run, timeline),
      ...counters(run, timeline),
    ],
  }
}
