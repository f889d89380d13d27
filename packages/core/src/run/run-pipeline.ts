import { join, resolve } from "node:path"
import { Effect, Exit, type FileSystem } from "effect"
import { describeRun, type RunSummary, summarise } from "../observe/index.ts"
import type { Pipeline } from "../pipeline/index.ts"
import type { HostPool } from "../stage/index.ts"
import { type ArtefactDamaged, resultName, type Store, type StoreError } from "../store/index.ts"
import { makeRunContext, type RunContext, type RunOptions } from "./run-context.ts"
import { makeRunState, type RunState, runTask } from "./task-run.ts"
import { followWorkTree } from "./work-tree.ts"

/** Places what the pipeline is run for; an output whose task failed keeps its former content. */
const placeOutputs = Effect.fnUntraced(function* (context: RunContext, state: RunState) {
  const placed: Record<string, string> = {}
  const { resultsFolder } = context.options
  if (resultsFolder === undefined) return placed
  for (const [name, { task, output }] of Object.entries(context.pipeline.outputs)) {
    const digest = state.records.get(task)?.outputs[output]
    if (digest === undefined) continue
    const artefact = yield* context.store.artefact(digest)
    const to = join(resolve(resultsFolder), resultName(artefact, name))
    yield* context.store.materialise(digest, to)
    placed[name] = to
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
    tasks: context.pipeline.tasks.map(({ id, stage }) => ({ id, stage: stage.name, version: stage.version })),
  })
  context.emit(describeRun(context.pipeline.params, [context.pipeline.file]))
}

/**
 * Runs a pipeline: takes from the store what is there, computes the rest as far as resources allow, and places the
 * outputs. A failed task stops only what needs it: the summary tells. Interrupting the effect cancels the run; the store
 * stays sound, and what was finished is kept.
 *
 * Fails only when the store or the results folder cannot be used.
 */
export const runPipeline = (
  pipeline: Pipeline,
  options: RunOptions = {},
): Effect.Effect<RunSummary, StoreError | ArtefactDamaged, Store | HostPool | FileSystem.FileSystem> =>
  Effect.scoped(
    Effect.gen(function* () {
      const context = yield* makeRunContext(pipeline, options)
      const begun = context.now()
      let outputs: Readonly<Record<string, string>> = {}
      const finish = (status: "succeeded" | "failed" | "cancelled"): void =>
        context.emit({ _tag: "RunFinished", status, seconds: (context.now() - begun) / 1000, outputs })
      const work = Effect.gen(function* () {
        start(context)
        const workTreeChecked = yield* followWorkTree(context)
        // What cannot be cleared away now can be later.
        yield* Effect.ignore(context.store.sweep)
        const state = makeRunState(pipeline.tasks)
        yield* Effect.forEach(pipeline.tasks, (task) => runTask(context, state, task), {
          concurrency: "unbounded",
          discard: true,
        })
        yield* Effect.ignore(context.store.saveSources)
        outputs = yield* placeOutputs(context, state)
        yield* workTreeChecked
        return state.records.size === pipeline.tasks.length
      })
      const ended = Effect.onExit(work, (exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit)) finish(exit.value ? "succeeded" : "failed")
          else finish(Exit.hasInterrupts(exit) ? "cancelled" : "failed")
        }),
      )
      yield* ended
      return summarise(context.events)
    }),
  )
