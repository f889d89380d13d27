import type { Effect } from "effect"
import type { Task } from "../pipeline/index.ts"
import type { Found, KeyRecord, StoreShape } from "../store/index.ts"
import type { TaskKey } from "./key.ts"
import { explainMiss, type RunReason } from "./reason.ts"

/** Whether a task with a known key is done already. */
export type Decision =
  | { readonly _tag: "cached"; readonly key: TaskKey; readonly record: KeyRecord }
  | { readonly _tag: "run"; readonly key: TaskKey; readonly reasons: ReadonlyArray<RunReason> }
  | { readonly _tag: "doubtful"; readonly key: TaskKey }

/** What was found when files that had been touched were read, by key. */
export type Settled = ReadonlyMap<string, Found | undefined>

/** What the store knows of a task's key. Where that leaves a doubt, only reading files can tell. */
const findResult = (store: StoreShape, settled: Settled, task: Task, key: string): Found | undefined =>
  settled.has(key) ? settled.get(key) : store.find(key, Object.keys(task.stage.outputs))

/** The reason for which a task runs whatever the store holds. */
export const reasonAlways = (task: Task, forced: ReadonlySet<string>): RunReason | undefined => {
  if (forced.has(task.id)) return { kind: "forced", message: "forced" }
  if (task.cache === "off") return { kind: "uncached", message: "cache: false" }
  return undefined
}

const GONE: RunReason = { kind: "record-gone", message: "its last result is no longer in the store" }

/** What decisions depend on beside the task. */
export interface Circumstances {
  readonly store: StoreShape
  readonly settled: Settled
  /** Ids of the tasks that run even when they are cached. */
  readonly forced: ReadonlySet<string>
  /** The key that a task had when it was last done. */
  readonly lastKey: (task: string) => string | undefined
}

/**
 * Decides whether a task is taken from the store or runs, and why it runs. Plain code, for it is asked for each of very
 * many tasks; where it finds a doubt, it is to be asked again with what {@link settleResult} has found.
 */
export const decide = (
  { store, settled, forced, lastKey }: Circumstances,
  task: Task,
  key: TaskKey,
): Decision => {
  const always = reasonAlways(task, forced)
  if (always !== undefined) return { _tag: "run", key, reasons: [always] }
  const found = findResult(store, settled, task, key.key)
  if (found === undefined) {
    const last = lastKey(task.id)
    const former = last === undefined ? undefined : store.record(last)
    if (last !== undefined && former === undefined) return { _tag: "run", key, reasons: [GONE] }
    return { _tag: "run", key, reasons: explainMiss(task, key, former) }
  }
  if (found.doubtful === true) return { _tag: "doubtful", key }
  if (found.damage === undefined) return { _tag: "cached", key, record: found.record }
  return { _tag: "run", key, reasons: [{ kind: "artefact-damaged", message: found.damage }] }
}

/** Ends a doubt: reads the files that were touched since they were last read. */
export const settleResult = (store: StoreShape, task: Task, key: string): Effect.Effect<Found | undefined> =>
  store.settle(key, Object.keys(task.stage.outputs))
