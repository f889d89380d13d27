import { Effect, Exit } from "effect"
import type { Task } from "../pipeline/index.ts"
import type { KeyRecord, StoreShape } from "../store/index.ts"
import type { TaskKey } from "./key.ts"
import { explainMiss, type RunReason } from "./reason.ts"

/** Whether a task with a known key is done already. */
export type Decision =
  | { readonly _tag: "cached"; readonly key: TaskKey; readonly record: KeyRecord }
  | { readonly _tag: "run"; readonly key: TaskKey; readonly reasons: ReadonlyArray<RunReason> }

/** The record of a key, and the damage that makes it useless, if any. */
export interface FoundResult {
  readonly record: KeyRecord
  readonly damage: string | undefined
}

// What the store's answers are made of is synchronous; this file alone relies on it.

const recordOf = (store: StoreShape, key: string): KeyRecord | undefined => Effect.runSync(store.record(key))

/** The first of a record's artefacts that cannot be used, in words. */
const damageOf = (store: StoreShape, record: KeyRecord): string | undefined => {
  for (const [output, digest] of Object.entries(record.outputs)) {
    const damage = Exit.findErrorOption(Effect.runSyncExit(store.artefact(digest)))
    if (damage._tag === "Some") {
      return `its artefact \`${output}\` was removed or damaged: ${damage.value.message}`
    }
  }
  return undefined
}

/** The record of a key, if there is one. */
export const findResult = (store: StoreShape, task: Task, key: string): FoundResult | undefined => {
  const record = recordOf(store, key)
  if (record === undefined) return undefined
  for (const output of Object.keys(task.stage.outputs)) {
    if (record.outputs[output] === undefined) return { record, damage: "its record lacks an output" }
  }
  return { record, damage: damageOf(store, record) }
}

/** The reason for which a task runs whatever the store holds. */
export const reasonAlways = (task: Task, forced: ReadonlySet<string>): RunReason | undefined => {
  if (forced.has(task.id)) return { kind: "forced", message: "forced" }
  if (task.cache === "off") return { kind: "uncached", message: "cache: false" }
  return undefined
}

/** What decisions depend on beside the task. */
export interface Circumstances {
  readonly store: StoreShape
  /** Ids of the tasks that run even when they are cached. */
  readonly forced: ReadonlySet<string>
  /** The key that a task had when it was last done. */
  readonly lastKey: (task: string) => string | undefined
}

/**
 * Decides whether a task is taken from the store or runs, and why it runs. Plain code, for it is asked for each of very
 * many tasks.
 */
export const decide = ({ store, forced, lastKey }: Circumstances, task: Task, key: TaskKey): Decision => {
  const always = reasonAlways(task, forced)
  if (always !== undefined) return { _tag: "run", key, reasons: [always] }
  const found = findResult(store, task, key.key)
  if (found === undefined) {
    const last = lastKey(task.id)
    const former = last === undefined ? undefined : recordOf(store, last)
    return { _tag: "run", key, reasons: explainMiss(task, key, former) }
  }
  if (found.damage === undefined) return { _tag: "cached", key, record: found.record }
  return { _tag: "run", key, reasons: [{ kind: "artefact-damaged", message: found.damage }] }
}
