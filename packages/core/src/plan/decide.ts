import { Effect } from "effect"
import type { Task } from "../pipeline/index.ts"
import { type KeyRecord, Store } from "../store/index.ts"
import type { TaskKey } from "./key.ts"
import { explainMiss, type RunReason } from "./reason.ts"

/** Whether a task with a known key is done already. */
export type Decision =
  | { readonly _tag: "cached"; readonly key: TaskKey; readonly record: KeyRecord }
  | { readonly _tag: "run"; readonly key: TaskKey; readonly reasons: ReadonlyArray<RunReason> }

/** The first of a record's artefacts that cannot be used, in words. */
const damageOf = Effect.fnUntraced(function* (record: KeyRecord) {
  const store = yield* Store
  for (const [output, digest] of Object.entries(record.outputs)) {
    const damage = yield* Effect.match(store.artefact(digest), {
      onSuccess: () => undefined,
      onFailure: (error) => `its artefact \`${output}\` was removed or damaged: ${error.message}`,
    })
    if (damage !== undefined) return damage
  }
  return undefined
})

/** The sound record of a key, or the damage that it has. */
export const findResult = Effect.fnUntraced(function* (task: Task, key: string) {
  const store = yield* Store
  const record = yield* store.record(key)
  if (record === undefined) return undefined
  const complete = Object.keys(task.stage.outputs).every((output) => record.outputs[output] !== undefined)
  const damage = complete ? yield* damageOf(record) : "its record lacks an output"
  return { record, damage }
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
