import { join, resolve } from "node:path"
import { Effect, Exit, type FileSystem } from "effect"
import { describeRun, type RunSummary, summarise } from "../observe/index.ts"
import type { OutputReference, Pipeline } from "../pipeline/index.ts"
import {
  chooseTasks,
  makePlan,
  type NeedNotCached,
  type SourceUnreadable,
  type UnknownStage,
  writeLastTime,
} from "../plan/index.ts"
import type { HostPool } from "../stage/index.ts"
import { type ArtefactDamaged, resultName, type Store, type StoreError } from "../store/index.ts"
import { placePassing } from "./outputs.ts"
import { makeRunContext, type RunContext, type RunOptions } from "./run-context.ts"
import { Scheduler, type TasksEnd } from "./scheduler.ts"
import { onStop } from "./stop.ts"
import { followWorkTree } from "./work-tree.ts"

const placeOutput = Effect.fnUntraced(function* (
  context: RunContext,
  { records }: TasksEnd,
  folder: string,
  name: string,
  { task, output }: OutputReference,
) {
  const digest = records.get(task)?.outputs[output]
  if (digest === undefined) return undefined
  const passing = context.passing.get(digest)
  if (passing !== undefined) return yield* placePassing(context, passing, join(folder, name))
  const artefact = yield* context.store.artefact(digest)
  const to = join(folder, resultName(artefact, name))
  yield* context.store.materialise(digest, to)
  return to
})

/** Places what the pipeline is run for; an output whose task is not done keeps its former content. */
const placeOutputs = Effect.fnUntraced(function* (context: RunContext, end: TasksEnd) {
  const placed: Record<string, string> = {}
  const { resultsFolder } = context.options
  if (resultsFolder === undefined) return placed
  for (const [name, reference] of Object.entries(context.pipeline.outputs)) {
    const place = yield* placeOutput(context, end, resolve(resultsFolder), name, reference)
    if (place !== undefined) placed[name] = place
  }
  return placed
})

const start = (context: RunContext): void => {
  context.emit({
    _tag: "RunStarted",
    run: context.run,
    pipeline: context.pipeline.name,
    file: context.pipeline.file,
    versions: { node: process.version, ...context.options.versions },
    tasks: context.choice.tasks.map(({ id, stage }) => ({ id, stage: stage.name, version: stage.version })),
  })
  context.emit(describeRun(context.pipeline.params, context.pipeline.documents))
}

/** Keeps what this run has taught for the next one of the pipeline. */
const remember = (context: RunContext, { records, seconds }: TasksEnd): void => {
  const keys: Record<string, string> = {}
  for (const task of context.choice.tasks) {
    const record = records.get(task.id)
    if (record !== undefined && task.cache !== "read-only") keys[task.id] = record.key
  }
  writeLastTime(context.store.root, context.pipeline.name, { keys, seconds: Object.fromEntries(seconds) })
}

/** From the first word to the end of the last task: whatever interrupts the run, each task has an end. */
const runTasks = (context: RunContext): Effect.Effect<TasksEnd> =>
  Effect.suspend(() => {
    const scheduler = new Scheduler(context)
    start(context)
    // What cannot be cleared away now can be later.
    return Effect.ignore(context.store.sweep).pipe(
      Effect.andThen(onStop(context, scheduler)),
      Effect.andThen(scheduler.run),
      Effect.scoped,
      Effect.as(scheduler),
      Effect.ensuring(
        Effect.sync(() => {
          scheduler.tellUnsettled()
          remember(context, scheduler)
        }),
      ),
    )
  })

/** What this run has made outlives a power failure from here on. A run that made nothing has nothing to wait for. */
const keepForGood = (context: RunContext): Effect.Effect<void> =>
  context.events.some(({ _tag }) => _tag === "TaskSucceeded")
    ? Effect.ignore(context.store.flush)
    : Effect.void

type Status = "succeeded" | "failed" | "cancelled"

const statusOf = (context: RunContext, end: TasksEnd): Status => {
  if (end.records.size === context.choice.tasks.length) return "succeeded"
  const hasFailed = context.events.some(({ _tag }) => _tag === "TaskFailed")
  // A run that was cut short by its first failure has failed.
  return end.isCut && !(hasFailed && context.options.failFast) ? "cancelled" : "failed"
}

/** With `only`, what is needed must be in the store: that is found out before anything is begun. */
const checkNeeds = (pipeline: Pipeline, options: RunOptions) =>
  options.only === undefined || options.only.size === 0
    ? Effect.void
    : Effect.asVoid(makePlan(pipeline, options))

/** Why a run cannot even begin, or its results cannot be placed. */
export type RunError = StoreError | ArtefactDamaged | UnknownStage | NeedNotCached | SourceUnreadable

/**
 * Runs a pipeline: takes from the store what is there, computes the rest as far as resources allow, and places the
 * outputs. A failed task stops only what needs it: the summary tells. Interrupting the effect cancels the run; the store
 * stays sound, and what was finished is kept.
 *
 * Fails only when the store or the results folder cannot be used, or the options ask for what there is not.
 */
export function runPipeline<Output extends string>(
  pipeline: Pipeline<Output>,
  options?: RunOptions,
): Effect.Effect<RunSummary<Output>, RunError, Store | HostPool | FileSystem.FileSystem>
export function runPipeline(
  pipeline: Pipeline,
  options: RunOptions = {},
): Effect.Effect<RunSummary, RunError, Store | HostPool | FileSystem.FileSystem> {
  return Effect.scoped(
    Effect.gen(function* () {
      const choice = yield* chooseTasks(pipeline, options)
      yield* checkNeeds(pipeline, options)
      const context = yield* makeRunContext(pipeline, choice, options)
      const begun = context.now()
      let outputs: Readonly<Record<string, string>> = {}
      const finish = (status: Status): void =>
        context.emit({ _tag: "RunFinished", status, seconds: (context.now() - begun) / 1000, outputs })
      const work = Effect.gen(function* () {
        const workTreeChecked = yield* followWorkTree(context)
        const end = yield* runTasks(context)
        yield* Effect.ignore(context.store.saveSources)
        yield* keepForGood(context)
        outputs = yield* placeOutputs(context, end)
        yield* workTreeChecked
        return statusOf(context, end)
      })
      const ended = Effect.onExit(work, (exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit)) finish(exit.value)
          else finish(Exit.hasInterrupts(exit) ? "cancelled" : "failed")
        }),
      )
      yield* ended
      return summarise(context.events)
    }),
  )
}
