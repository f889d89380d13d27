import { Effect } from "effect"
import type { Pipeline, Task } from "../pipeline/index.ts"
import type { KeyRecord, Store } from "../store/index.ts"
import { decide } from "./decide.ts"
import { type KeyContext, keyTask, upstreamOf } from "./key.ts"
import type { RunReason } from "./reason.ts"
import type { SourceUnreadable } from "./source-unreadable.ts"

/** What would happen to a task if the pipeline ran now. */
export type PlannedState =
  | { readonly _tag: "cached"; readonly key: string; readonly record: KeyRecord }
  | { readonly _tag: "run"; readonly key: string; readonly reasons: ReadonlyArray<RunReason> }
  /** It depends on what these tasks, which run, will give. */
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
export interface PlanOptions {
  /** What of the machine stages depend on, by name: `tensor-backend`. */
  readonly environment?: (name: string) => Effect.Effect<string>
  /** Keys of stages that run even when they are cached. */
  readonly force?: ReadonlySet<string>
}

const nowhere = (): Effect.Effect<string> => Effect.succeed("")

/** Says for every task whether it is cached or would run, and why. Changes nothing. */
export const makePlan = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  options: PlanOptions = {},
): Effect.fn.Return<Plan, SourceUnreadable, Store> {
  const records = new Map<string, KeyRecord>()
  const context: KeyContext = {
    outputDigest: ({ task, output }) => records.get(task)?.outputs[output] ?? "",
    environment: options.environment ?? nowhere,
  }
  const force = options.force ?? new Set<string>()

  const stateOf = Effect.fnUntraced(function* (
    task: Task,
  ): Effect.fn.Return<PlannedState, SourceUnreadable, Store> {
    const after = upstreamOf(task).filter((id) => !records.has(id))
    if (after.length > 0) return { _tag: "unknown", after }
    const decision = yield* decide(pipeline.name, task, yield* keyTask(task, context), force)
    if (decision._tag === "run") return { _tag: "run", key: decision.key.key, reasons: decision.reasons }
    records.set(task.id, decision.record)
    return { _tag: "cached", key: decision.key.key, record: decision.record }
  })

  const tasks: Array<PlannedTask> = []
  for (const task of pipeline.tasks) tasks.push({ task, state: yield* stateOf(task) })
  return { pipeline: pipeline.name, tasks }
})
