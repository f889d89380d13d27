import { Deferred, Effect } from "effect"
import { maskTexts } from "../observe/index.ts"
import type { OutputReference, Task } from "../pipeline/index.ts"
import { keyTask, settleResult, type TaskKey } from "../plan/index.ts"
import { permanent, type Resources, type StageFailure } from "../stage/index.ts"
import { type KeyRecord, type KnownTrees, Store, type Tree } from "../store/index.ts"
import { runAttempt } from "./attempt.ts"
import { existingLog } from "./attempt-log.ts"
import { failureOf, reportFailure } from "./failure.ts"
import { type FindRecord, originsOf } from "./origins.ts"
import type { KeptOutputs } from "./outputs.ts"
import type { Held } from "./resource-pool.ts"
import { retrySchedule } from "./retry.ts"
import type { RunContext } from "./run-context.ts"
import { holdsSource, resolveInput } from "./task-input.ts"

/** One task on its way through a run, from the moment at which it holds what its first attempt needs. */
export interface TaskRun {
  readonly context: RunContext
  readonly task: Task
  readonly key: TaskKey
  /** Why it isn't taken from the store. */
  readonly reason: string
  /** Whether it runs whatever the store holds. */
  readonly always: boolean
  readonly priority: number
  readonly order: number
  readonly outputDigest: (reference: OutputReference) => string
  readonly findRecord: FindRecord
  /** Whether the run is to end: then nothing is tried again. */
  readonly isStopping: () => boolean
  /** What it holds just now. */
  held: Held | undefined
  attempts: number
  /** When the first attempt began. */
  begun: number | undefined
  /** Seconds of the attempt that succeeded. */
  seconds: number
  /** How it ended, once that was told: whatever interrupts it later, it has ended so. */
  end: TaskEnd | undefined
}

/** How a task ended. */
export type TaskEnd = KeyRecord | "failed" | "cancelled"

const secondsOf = ({ begun, context }: TaskRun): number =>
  begun === undefined ? 0 : (context.now() - begun) / 1000

const report = ({ context, task, attempts }: TaskRun, failure: StageFailure) =>
  reportFailure(task, failure, existingLog(context, task.id, attempts))

/** What an attempt holds. */
export const resourcesOf = (task: Task, attempt: number): Resources => {
  const found = task.resources[attempt - 1] ?? task.resources.at(-1)
  if (found === undefined) throw new Error(`the task ${task.id} says nothing of its resources`)
  return found
}

/** Waits for the resources of the next attempt; those of the first were waited for before the task began. */
const obtain = (run: TaskRun): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (run.held !== undefined) return resume(Effect.void)
    const { context, task, priority, order, attempts } = run
    const request = {
      need: resourcesOf(task, attempts + 1),
      priority,
      order,
      isWithdrawn: false,
      start: (held: Held) => {
        run.held = held
        resume(Effect.void)
      },
    }
    context.resources.request([request])
    return Effect.sync(() => {
      request.isWithdrawn = true
    })
  })

/** Gives back what a task holds, if it holds anything. */
const giveBack = (run: TaskRun): void => {
  const { held } = run
  run.held = undefined
  if (held !== undefined) run.context.resources.give(held)
}

/** Attempts until one succeeds or none may follow. Resources are held by attempts, not by the waits between them. */
const runAttempts = (
  run: TaskRun,
  input: Readonly<Record<string, unknown>>,
): Effect.Effect<KeptOutputs, StageFailure> => {
  const { context, task, key, reason } = run
  const origins = originsOf(task, run.findRecord)
  const once = Effect.suspend(() => {
    // It held what it needs, but the run was to end before it began.
    if (run.isStopping()) return Effect.interrupt
    run.attempts += 1
    run.begun ??= context.now()
    const [number, begun] = [run.attempts, context.now()]
    Deferred.doneUnsafe(context.computing, Effect.void)
    const gpus = run.held?.gpus ?? []
    context.emit({
      _tag: "TaskStarted",
      task: task.id,
      key: key.key,
      attempt: number,
      reason,
      ...(number === 1 && { inputs: key.fields, environment: key.environment }),
      resources: resourcesOf(task, number),
      ...(gpus.length > 0 && { gpus }),
    })
    return Effect.tap(runAttempt(context, { task, key: key.key, input, origins, number, gpus }), () =>
      Effect.sync(() => {
        run.seconds = (context.now() - begun) / 1000
      }),
    )
  })
  const onRetry = (failure: StageFailure, wait: number) =>
    context.emit({
      _tag: "AttemptFailed",
      task: task.id,
      attempt: run.attempts,
      failure: report(run, failure),
      wait,
    })
  // One that succeeded holds on until it is recorded: who holds nothing only waits, and need not be waited for.
  const holding = Effect.onError(Effect.andThen(obtain(run), once), () => Effect.sync(() => giveBack(run)))
  return Effect.retry(holding, retrySchedule(task.retry, onRetry, run.isStopping))
}

const warn = ({ context, task }: TaskRun, message: string): void =>
  context.emit({ _tag: "TaskLog", task: task.id, attempt: 0, level: "warning", message })

/** What changed while a task read it must not be recorded as what the task has read. */
const checkSources = Effect.fnUntraced(function* ({ context, task, key, outputDigest }: TaskRun) {
  if (!holdsSource(task.input)) return
  const { facts, store } = context
  const environment = (name: string) => Effect.succeed(facts.environment(name))
  const now = yield* Effect.provideService(keyTask(task, { outputDigest, environment }), Store, store)
  if (now.key === key.key) return
  return yield* permanent("a source file changed while the task read it", { hint: "run again" })
})

/** The record that later runs find; what it shows of the input is masked as everything else is. */
const recordOf = ({ context, task, key }: TaskRun, kept: KeptOutputs): KeyRecord => {
  const fields = Object.entries(key.fields).map(([place, field]) => [
    place,
    field.shown === undefined ? field : { ...field, shown: context.mask(field.shown) },
  ])
  const { name: stage, version } = task.stage
  const { run } = context
  const outputs = Object.fromEntries(Object.entries(kept).map(([name, { digest }]) => [name, digest]))
  return {
    ...key,
    fields: Object.fromEntries(fields),
    environment: maskTexts(context.mask, key.environment),
    stage,
    version,
    outputs,
    run,
    time: context.now(),
  }
}

const treesOf = (kept: KeptOutputs): KnownTrees => {
  const trees = new Map<string, Tree>()
  for (const { digest, tree } of Object.values(kept)) if (tree !== undefined) trees.set(digest, tree)
  return trees
}

const compute = Effect.fnUntraced(function* (run: TaskRun) {
  const { context, task, outputDigest } = run
  const input = yield* resolveInput(context, outputDigest, task)
  if (context.resources.exceeds(resourcesOf(task, 1))) {
    warn(run, "this task needs more than the machine has: it runs alone, and may not find what it needs")
  }
  const kept = yield* runAttempts(run, input)
  // A run that is ended now keeps what is done.
  return yield* Effect.uninterruptible(keep(run, kept))
})

/** Makes a result one that later runs find. */
const keep = Effect.fnUntraced(function* (run: TaskRun, kept: KeptOutputs) {
  const { context, task, key, attempts } = run
  yield* checkSources(run)
  const record = recordOf(run, kept)
  if (task.cache !== "read-only") yield* context.store.writeRecord(record, treesOf(kept))
  yield* context.store.removeCheckpoint(key.key)
  const seconds = secondsOf(run)
  run.end = record
  const { outputs } = record
  context.emit({ _tag: "TaskSucceeded", task: task.id, key: key.key, attempts, seconds, outputs })
  return record
})

/** Computes a key unless another process did so while this one waited for its turn. */
const computeOnce = (run: TaskRun) =>
  Effect.gen(function* () {
    const { context, task, key, always } = run
    yield* context.store.claim(key.key, () => {
      // Others can use meanwhile what this task doesn't.
      giveBack(run)
      warn(run, "another process computes this: waiting for it")
    })
    const found = always ? undefined : yield* settleResult(context.store, task, key.key)
    if (found === undefined || found.damage !== undefined) return yield* compute(run)
    run.end = found.record
    context.emitCached(task, found.record)
    return found.record
  }).pipe(Effect.scoped)

const cancel = (run: TaskRun): TaskEnd => {
  if (run.end !== undefined) return run.end
  run.context.emit({ _tag: "TaskCancelled", task: run.task.id })
  run.end = "cancelled"
  return run.end
}

const fail = (run: TaskRun, failure: StageFailure): TaskEnd => {
  if (failure.reason === "cancelled") return cancel(run)
  const { context, task, attempts } = run
  run.end = "failed"
  context.emit({
    _tag: "TaskFailed",
    task: task.id,
    attempts,
    seconds: secondsOf(run),
    failure: report(run, failure),
  })
  return run.end
}

/** Brings a task that is not in the store to its end. Its failure is told, not thrown. */
export const runTask = (run: TaskRun): Effect.Effect<TaskEnd> =>
  computeOnce(run).pipe(
    Effect.catch((error) => Effect.sync(() => fail(run, failureOf(error)))),
    Effect.onInterrupt(() => Effect.sync(() => cancel(run))),
    Effect.ensuring(Effect.sync(() => giveBack(run))),
  )
