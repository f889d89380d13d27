import { Effect } from "effect"
import type { Task } from "../pipeline/index.ts"
import { type KeyRecord, Store } from "../store/index.ts"
import type { TaskKey } from "./key.ts"
import { explainMiss, type RunReason } from "./reason.ts"

/** Whether a task with a known key is done already. */
export type Decision =
  | { readonly _tag: "cached"; readonly key: TaskKey; readonly record: KeyRecord }
  | { readonly _tag: "run"; readonly key: TaskKey; readonly reasons: ReadonlyArray<RunReason> }

/** The record of a key, or the damage that it has. */
export const findResult = Effect.fnUntraced(function* (task: Task, key: string) {
  const store = yield* Store
  const outputs = Object.keys(task.stage.outputs)
  const found = store.find(key, outputs)
  return found?.doubtful === true ? yield* store.settle(key, outputs) : found
})

/** Decides whether a task is taken from the store or runs, and why it runs. */
export const decide = Effect.fnUntraced(function* (
  pipeline: string,
  task: Task,
  key: TaskKey,
  force: ReadonlySet<string>,
): Effect.fn.Return<Decision, never, Store> {
  const run = (...reasons: ReadonlyArray<RunReason>): Decision => ({ _tag: "run", key, reasons })
  if (force.has(task.key)) return run({ kind: "forced", message: "forced" })
  if (task.cache === "off") return run({ kind: "uncached", message: "cache: false" })
  const found = yield* findResult(task, key.key)
  if (found !== undefined) {
    if (found.damage !== undefined) return run({ kind: "artefact-damaged", message: found.damage })
    return { _tag: "cached", key, record: found.record }
  }
  const store = yield* Store
  const lastKey = yield* store.lastKey(pipeline, task.id)
  const former = lastKey === undefined ? undefined : yield* store.record(lastKey)
  return run(...explainMiss(task, key, former))
})
