import { Effect } from "effect"
import type { OutputReference, Pipeline, Task } from "../pipeline/index.ts"
import { type KeyRecord, Store } from "../store/index.ts"
import { type Choosing, chooseTasks, NeedNotCached, type UnknownStage } from "./choice.ts"
import { type Circumstances, decide, reasonAlways, settleResult } from "./decide.ts"
import { type Facts, learnEnvironment, learnSources } from "./facts.ts"
import { keyOfTask, type TaskKey, upstreamOf } from "./key.ts"
import { lastKeys } from "./last-time.ts"
import { type RunReason, reasonText } from "./reason.ts"
import type { SourceUnreadable } from "./source-unreadable.ts"

/** What would happen to a task if the pipeline ran now. */
export type PlannedState =
  | { readonly _tag: "cached"; readonly key: string; readonly record: KeyRecord }
  /** Without a key where it depends on what runs before it, but runs in any case. */
  | { readonly _tag: "run"; readonly key?: TaskKey; readonly reasons: ReadonlyArray<RunReason> }
  /** It depends on what these tasks, which run, will give, or is the same task as the one that does. */
  | { readonly _tag: "unknown"; readonly after: ReadonlyArray<string> }

/** A task with its state. */
export interface PlannedTask {
  readonly task: Task
  readonly state: PlannedState
}

/** What a run of the pipeline would do. */
export interface Plan {
  readonly pipeline: string
  readonly tasks: ReadonlyArray<PlannedTask>
}

/** How a pipeline is planned. */
export interface PlanOptions extends Choosing {
  /** What of the machine stages depend on, by name: `tensor-backend`; asked once. */
  readonly environment?: (name: string) => Effect.Effect<string>
}

/** After so many tasks others get a turn. */
const TURN = 1000

/** Fails when a task may not be computed and is not in the store. */
export const checkCached = (task: Task, state: PlannedState): Effect.Effect<void, NeedNotCached> => {
  if (state._tag === "cached") return Effect.void
  const why =
    state._tag === "unknown" ? `it comes after ${state.after.join(", ")}` : reasonText(state.reasons)
  return Effect.fail(
    new NeedNotCached({
      message: `\`${task.id}\`, which is needed, is not cached: ${why}`,
      hint: `run it first: --until ${task.key}`,
    }),
  )
}

interface Planning {
  readonly circumstances: Circumstances
  /** Of the tasks that are cached. */
  readonly records: ReadonlyMap<string, KeyRecord>
  /** Of the tasks that run, by their keys: others of the same key take what they give. */
  readonly running: ReadonlyMap<string, string>
  readonly facts: Facts
}

const stateOf = Effect.fnUntraced(function* (
  { circumstances, records, running, facts }: Planning,
  task: Task,
): Effect.fn.Return<PlannedState> {
  const after = upstreamOf(task).filter((id) => !records.has(id))
  if (after.length > 0) {
    const always = reasonAlways(task, circumstances.forced)
    return always === undefined ? { _tag: "unknown", after } : { _tag: "run", reasons: [always] }
  }
  const outputDigest = ({ task: id, output }: OutputReference) => records.get(id)?.outputs[output] ?? ""
  const key = keyOfTask(task, { ...facts, outputDigest })
  const same = running.get(key.key)
  if (same !== undefined) return { _tag: "unknown", after: [same] }
  const { store } = circumstances
  const first = decide(circumstances, task, key)
  const decision =
    first._tag === "doubtful"
      ? decide(
          { ...circumstances, settled: new Map([[key.key, yield* settleResult(store, task, key.key)]]) },
          task,
          key,
        )
      : first
  if (decision._tag === "cached") return { _tag: "cached", key: key.key, record: decision.record }
  return { _tag: "run", key, reasons: decision._tag === "run" ? decision.reasons : [] }
})

/** Says for every task that takes part whether it is cached or would run, and why. Changes nothing. */
export const makePlan = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  options: PlanOptions = {},
): Effect.fn.Return<Plan, SourceUnreadable | UnknownStage | NeedNotCached, Store> {
  const store = yield* Store
  const choice = yield* chooseTasks(pipeline, options)
  const facts = yield* learnEnvironment(choice.tasks, options.environment)
  const lastKey = lastKeys(store.root, pipeline.name)
  const circumstances: Circumstances = { store, settled: new Map(), forced: choice.forced, lastKey }
  const records = new Map<string, KeyRecord>()
  const running = new Map<string, string>()
  const tasks: Array<PlannedTask> = []
  for (const task of choice.tasks) {
    if (tasks.length % TURN === TURN - 1) yield* Effect.yieldNow
    yield* learnSources(task, facts)
    const state = yield* stateOf({ circumstances, records, running, facts }, task)
    if (choice.onlyCached.has(task.id)) yield* checkCached(task, state)
    if (state._tag === "cached") records.set(task.id, state.record)
    if (state._tag === "run" && state.key !== undefined) running.set(state.key.key, task.id)
    tasks.push({ task, state })
  }
  return { pipeline: pipeline.name, tasks }
})
