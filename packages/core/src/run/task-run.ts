import { Deferred, Effect, Semaphore } from "effect"
import type { OutputReference, Task } from "../pipeline/index.ts"
import { decide, findResult, type KeyContext, keyTask, reasonText, type TaskKey } from "../plan/index.ts"
import { permanent, type Resources, type StageFailure } from "../stage/index.ts"
import { type KeyRecord, Store } from "../store/index.ts"
import { type OutputDigests, runAttempt } from "./attempt.ts"
import { existingLog } from "./attempt-log.ts"
import { failureOf, reportFailure } from "./failure.ts"
import { retrySchedule } from "./retry.ts"
import type { RunContext } from "./run-context.ts"
import { holdsSource, resolveInput } from "./task-input.ts"

/** What the tasks of a run know of each other. */
export interface RunState {
  /** For each task its record when it is done, or nothing when it never will be. */
  readonly outcomes: ReadonlyMap<string, Deferred.Deferred<KeyRecord | undefined>>
  readonly records: Map<string, KeyRecord>
  /** Keys that this run has computed: not computed again, not even for a task that is to run always. */
  readonly computed: Set<string>
  /** Of several tasks with one key, one computes it. */
  readonly mutexes: Map<string, Semaphore.Semaphore>
}

/** The state of a run in which nothing has happened. */
export const makeRunState = (tasks: ReadonlyArray<Task>): RunState => ({
  outcomes: new Map(tasks.map((task) => [task.id, Deferred.makeUnsafe<KeyRecord | undefined>()])),
  records: new Map(),
  computed: new Set(),
  mutexes: new Map(),
})

/** One task on its way through a run. */
interface TaskRun {
  readonly context: RunContext
  readonly state: RunState
  readonly task: Task
  attempts: number
  /** When the first attempt began. */
  begun: number | undefined
}

const outputDigest =
  (state: RunState) =>
  ({ task, output }: OutputReference): string =>
    state.records.get(task)?.outputs[output] ?? ""

const keyOf = ({ context, state, task }: TaskRun) => {
  const keys: KeyContext = {
    outputDigest: outputDigest(state),
    environment: context.options.environment ?? (() => Effect.succeed("")),
  }
  return Effect.provideService(keyTask(task, keys), Store, context.store)
}

const secondsOf = ({ begun, context }: TaskRun): number =>
  begun === undefined ? 0 : (context.now() - begun) / 1000

const report = ({ context, task, attempts }: TaskRun, failure: StageFailure) =>
  reportFailure(task, failure, existingLog(context, task.id, attempts))

/** What an attempt holds. */
const resourcesOf = (task: Task, attempt: number): Resources => {
  const found = task.resources[attempt - 1] ?? task.resources.at(-1)
  if (found === undefined) throw new Error(`the task ${task.id} says nothing of its resources`)
  return found
}

/** Attempts until one succeeds or none may follow. Resources are held by attempts, not by the waits between them. */
const runAttempts = (
  run: TaskRun,
  key: TaskKey,
  input: Readonly<Record<string, unknown>>,
  reason: string,
): Effect.Effect<OutputDigests, StageFailure> => {
  const { context, task } = run
  const once = Effect.suspend(() => {
    run.attempts += 1
    run.begun ??= context.now()
    Deferred.doneUnsafe(context.computing, Effect.void)
    context.emit({
      _tag: "TaskStarted",
      task: task.id,
      key: key.key,
      attempt: run.attempts,
      reason,
      ...(run.attempts === 1 && { inputs: key.fields, environment: key.environment }),
      resources: resourcesOf(task, run.attempts),
    })
    return runAttempt(context, task, key.key, input, run.attempts)
  })
  const schedule = retrySchedule(task.retry, (failure, wait) =>
    context.emit({
      _tag: "AttemptFailed",
      task: task.id,
      attempt: run.attempts,
      failure: report(run, failure),
      wait,
    }),
  )
  const held = Effect.suspend(() => context.limit.hold(resourcesOf(task, run.attempts + 1), once))
  return Effect.retry(held, schedule)
}

const warn = ({ context, task }: TaskRun, message: string): void =>
  context.emit({ _tag: "TaskLog", task: task.id, attempt: 0, level: "warning", message })

/** What changed while a task read it must not be recorded as what the task has read. */
const checkSources = Effect.fnUntraced(function* (run: TaskRun, key: TaskKey) {
  if (!holdsSource(run.task.input)) return
  const now = yield* keyOf(run)
  if (now.key === key.key) return
  return yield* permanent("a source file changed while the task read it", { hint: "run again" })
})

const compute = Effect.fnUntraced(function* (run: TaskRun, key: TaskKey, reason: string) {
  const { context, state, task } = run
  const input = yield* resolveInput(context.store, outputDigest(state), task)
  if (context.limit.exceeds(resourcesOf(task, 1))) {
    warn(run, "this task needs more than the machine has: it runs alone, and memory may not suffice")
  }
  const outputs = yield* runAttempts(run, key, input, reason)
  yield* checkSources(run, key)
  const { name: stage, version } = task.stage
  const record: KeyRecord = { ...key, stage, version, outputs }
  yield* context.store.writeRecord(record)
  state.computed.add(key.key)
  yield* context.store.removeCheckpoint(key.key)
  const seconds = secondsOf(run)
  context.emit({
    _tag: "TaskSucceeded",
    task: task.id,
    key: key.key,
    attempts: run.attempts,
    seconds,
    outputs,
  })
  return record
})

const cached = ({ context, task }: TaskRun, record: KeyRecord): KeyRecord => {
  context.emit({ _tag: "TaskCached", task: task.id, key: record.key, outputs: record.outputs })
  return record
}

const mutexOf = (state: RunState, key: string): Semaphore.Semaphore => {
  const mutex = state.mutexes.get(key) ?? Semaphore.makeUnsafe(1)
  state.mutexes.set(key, mutex)
  return mutex
}

/** Computes a key unless another task or another process did so while this one waited for its turn. */
const computeOnce = (run: TaskRun, key: TaskKey, reason: string, always: boolean) =>
  Effect.gen(function* () {
    const { context, state, task } = run
    yield* context.store.claim(key.key, () => warn(run, "another process computes this: waiting for it"))
    if (!always || state.computed.has(key.key)) {
      const found = yield* Effect.provideService(findResult(task, key.key), Store, context.store)
      if (found !== undefined && found.damage === undefined) return cached(run, found.record)
    }
    return yield* compute(run, key, reason)
  }).pipe(Effect.scoped, mutexOf(run.state, key.key).withPermits(1))

/** Takes a task from the store or computes it. */
const complete = Effect.fnUntraced(function* (run: TaskRun) {
  const { context, task } = run
  const key = yield* keyOf(run)
  const force = context.options.force ?? new Set<string>()
  const decision = yield* Effect.provideService(
    decide(context.pipeline.name, task, key, force),
    Store,
    context.store,
  )
  const always = force.has(task.key) || task.cache === "off"
  const record =
    decision._tag === "cached"
      ? cached(run, decision.record)
      : yield* computeOnce(run, key, reasonText(decision.reasons), always)
  // It only serves to explain later runs.
  yield* Effect.ignore(context.store.writeLastKey(context.pipeline.name, task.id, record.key))
  return record
})

const fail = (run: TaskRun, failure: StageFailure): void =>
  run.context.emit({
    _tag: "TaskFailed",
    task: run.task.id,
    attempts: run.attempts,
    seconds: secondsOf(run),
    failure: report(run, failure),
  })

/** Waits for the tasks that a task needs; gives those that will never be done. */
const awaitNeeds = Effect.fnUntraced(function* (state: RunState, task: Task) {
  const missing: Array<string> = []
  for (const id of task.needs) {
    const outcome = state.outcomes.get(id)
    const record = outcome === undefined ? undefined : yield* Deferred.await(outcome)
    if (record === undefined) missing.push(id)
  }
  return missing
})

/** Brings one task to its end: done, failed, or blocked by the failure of another. Its failure is told, not thrown. */
export const runTask = (context: RunContext, state: RunState, task: Task): Effect.Effect<void> => {
  const run: TaskRun = { context, state, task, attempts: 0, begun: undefined }
  const outcome = Effect.gen(function* () {
    const by = yield* awaitNeeds(state, task)
    if (by.length > 0) {
      context.emit({ _tag: "TaskBlocked", task: task.id, by })
      return undefined
    }
    const record = yield* complete(run)
    state.records.set(task.id, record)
    return record
  }).pipe(
    Effect.catch((error) => Effect.sync(() => fail(run, failureOf(error)))),
    Effect.map((record) => record ?? undefined),
    Effect.onInterrupt(() => Effect.sync(() => context.emit({ _tag: "TaskCancelled", task: task.id }))),
  )
  const deferred = state.outcomes.get(task.id)
  return deferred === undefined ? Effect.asVoid(outcome) : Effect.asVoid(Deferred.into(outcome, deferred))
}
