import type { RecordedField } from "../store/index.ts"
import type { AttemptEnded, FailureReport, OutputSize, RunDescribed, RunEvent } from "./event.ts"
import type { TaskStatus } from "./summary.ts"

/** One attempt at a task. */
export interface AttemptRecord {
  readonly attempt: number
  /** Milliseconds since 1970, UTC. */
  readonly begun: number
  /** Absent while it runs, or when its process was killed. */
  readonly ended?: number
  readonly result?: AttemptEnded["result"]
  readonly failure?: FailureReport
  readonly stageSeconds?: number
  readonly commitSeconds?: number
  /** Bytes. */
  readonly peakMemory?: number
  readonly resources?: Extract<RunEvent, { _tag: "TaskStarted" }>["resources"]
  readonly gpus?: ReadonlyArray<number>
}

/** An output of a task; its size is known of those that the run has made. */
export interface OutputRecord extends Partial<OutputSize> {
  readonly digest: string
}

/** All that is known of a task in a run. */
export interface TaskRecord {
  readonly id: string
  readonly stage: string
  readonly version: number
  readonly status: TaskStatus
  readonly key?: string
  readonly reason?: string
  /** The leaves of its input by their place; of a cached task, the store's record of its key has them. */
  readonly inputs?: Readonly<Record<string, RecordedField>>
  readonly environment?: Readonly<Record<string, string>>
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly outputs: Readonly<Record<string, OutputRecord>>
  readonly failure?: FailureReport
  readonly blockedBy?: ReadonlyArray<string>
}

/** All that is known of a run. */
export interface RunRecord {
  readonly run: string
  readonly pipeline: string
  readonly file: string
  /** `unfinished`: it was killed, or goes on. */
  readonly status: "succeeded" | "failed" | "cancelled" | "unfinished"
  /** Milliseconds since 1970, UTC. */
  readonly started: number
  /** Until its end or its last event. */
  readonly seconds: number
  readonly versions: Readonly<Record<string, string>>
  readonly params: RunDescribed["params"]
  readonly documents: RunDescribed["documents"]
  readonly git?: NonNullable<RunDescribed["git"]> & { readonly dirty?: boolean }
  readonly machine?: RunDescribed["machine"]
  /** Where the pipeline's outputs were placed, absolute. */
  readonly outputs: Readonly<Record<string, string>>
  readonly tasks: ReadonlyArray<TaskRecord>
}

type Writable<A> = { -readonly [Key in keyof A]: A[Key] }
type OpenTask = Writable<Omit<TaskRecord, "attempts" | "outputs">> & {
  attempts: Array<AttemptRecord>
  outputs: Record<string, OutputRecord>
}

type TaskEvent = Extract<RunEvent, { readonly task: string }>

const changeAttempt = (task: OpenTask, attempt: number, change: Partial<AttemptRecord>): void => {
  const index = task.attempts.findLastIndex((one) => one.attempt === attempt)
  const found = task.attempts[index]
  if (found !== undefined) task.attempts[index] = { ...found, ...change }
}

const setOutputs = (task: OpenTask, digests: Readonly<Record<string, string>>): void => {
  for (const [name, digest] of Object.entries(digests)) task.outputs[name] = { ...task.outputs[name], digest }
}

const begin = (task: OpenTask, event: Extract<RunEvent, { _tag: "TaskStarted" }>): void => {
  const { attempt, time: begun, key, reason, inputs, environment, resources, gpus } = event
  Object.assign(task, {
    key,
    reason,
    ...(inputs !== undefined && { inputs }),
    ...(environment !== undefined && { environment }),
  })
  task.attempts.push({
    attempt,
    begun,
    ...(resources !== undefined && { resources }),
    ...(gpus !== undefined && { gpus }),
  })
}

const end = (
  task: OpenTask,
  { _tag, task: _task, time: ended, sizes, attempt, ...rest }: AttemptEnded,
): void => {
  changeAttempt(task, attempt, { ended, ...rest })
  for (const [name, size] of Object.entries(sizes ?? {})) task.outputs[name] = { digest: "", ...size }
}

const applyTo = (task: OpenTask, event: TaskEvent): void => {
  switch (event._tag) {
    case "TaskStarted":
      begin(task, event)
      break
    case "AttemptEnded":
      end(task, event)
      break
    case "AttemptFailed":
      changeAttempt(task, event.attempt, { failure: event.failure })
      break
    case "TaskCached":
      Object.assign(task, { status: "cached", key: event.key })
      setOutputs(task, event.outputs)
      break
    case "TaskSucceeded":
      Object.assign(task, { status: "succeeded", key: event.key })
      setOutputs(task, event.outputs)
      break
    case "TaskFailed":
      Object.assign(task, { status: "failed", failure: event.failure })
      task.outputs = {}
      changeAttempt(task, event.attempts, { failure: event.failure })
      break
    case "TaskBlocked":
      Object.assign(task, { status: "blocked", blockedBy: event.by })
      break
    case "TaskCancelled":
      Object.assign(task, { status: "cancelled" })
      break
  }
}

/** What a run's events come to, with all that they tell. */
export const recordRun = (events: Iterable<RunEvent>): RunRecord => {
  const tasks = new Map<string, OpenTask>()
  let last = 0
  let dirty: boolean | undefined
  let run: Omit<RunRecord, "tasks"> = {
    run: "",
    pipeline: "",
    file: "",
    status: "unfinished",
    started: 0,
    seconds: 0,
    versions: {},
    params: {},
    documents: [],
    outputs: {},
  }
  for (const event of events) {
    last = event.time
    if (event._tag === "RunStarted") {
      const { run: name, pipeline, file, versions, time: started } = event
      run = { ...run, run: name, pipeline, file, versions, started }
      for (const task of event.tasks)
        tasks.set(task.id, { ...task, status: "unfinished", attempts: [], outputs: {} })
    } else if (event._tag === "RunDescribed") {
      const { time: _time, _tag, ...described } = event
      run = { ...run, ...described }
    } else if (event._tag === "WorkTreeChecked") {
      dirty = event.dirty
    } else if (event._tag === "RunFinished") {
      run = { ...run, status: event.status, seconds: event.seconds, outputs: event.outputs }
    } else {
      const task = tasks.get(event.task)
      if (task !== undefined) applyTo(task, event)
    }
  }
  const seconds = run.status === "unfinished" ? (last - run.started) / 1000 : run.seconds
  const git = run.git === undefined ? {} : { git: { ...run.git, ...(dirty !== undefined && { dirty }) } }
  return { ...run, ...git, seconds, tasks: [...tasks.values()] }
}
