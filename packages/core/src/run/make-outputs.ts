import { Data, Effect, type FileSystem } from "effect"
import type { RunSummary } from "../observe/index.ts"
import type { OutputReference, Pipeline } from "../pipeline/index.ts"
import type { HostPool } from "../stage/index.ts"
import { Store } from "../store/index.ts"
import type { RunOptions } from "./run-context.ts"
import { type RunError, runPipeline } from "./run-pipeline.ts"

/** A run that did not make what it was asked for. */
export class RunFailed extends Data.TaggedError("RunFailed")<{
  /** Which tasks failed, and why. */
  readonly message: string
  readonly summary: RunSummary
}> {}

/** What went wrong, a line for each task that failed by itself. */
const reasonOf = ({ pipeline, status, tasks }: RunSummary): string => {
  const lines = tasks.flatMap(({ id, failure }) =>
    failure === undefined ? [] : [`${id}: ${failure.message}`],
  )
  return [`${pipeline} ${status === "cancelled" ? "was cancelled" : "failed"}`, ...lines].join("\n  ")
}

/** An output that was not placed anywhere is in the store, where its task has left it. */
const inStore = Effect.fnUntraced(function* (
  summary: RunSummary,
  name: string,
  { task, output }: OutputReference,
) {
  const digest = summary.tasks.find(({ id }) => id === task)?.outputs[output]
  const missing = new RunFailed({
    message: `${summary.pipeline} did not make its output \`${name}\``,
    summary,
  })
  if (digest === undefined) return yield* missing
  const store = yield* Store
  const artefact = yield* Effect.mapError(store.artefact(digest), () => missing)
  return artefact.path
})

/**
 * Runs a pipeline for its outputs: gives the path of each, or fails with {@link RunFailed}. Without a `resultsFolder` they
 * are paths in the store, to be read only.
 *
 * @example
 * const { report } = yield* makeOutputs(pipeline, { resultsFolder: "results" })
 */
export function makeOutputs<Output extends string>(
  pipeline: Pipeline<Output>,
  options?: RunOptions,
): Effect.Effect<
  Readonly<Record<Output, string>>,
  RunError | RunFailed,
  Store | HostPool | FileSystem.FileSystem
>
export function makeOutputs(
  pipeline: Pipeline,
  options: RunOptions = {},
): Effect.Effect<
  Readonly<Record<string, string>>,
  RunError | RunFailed,
  Store | HostPool | FileSystem.FileSystem
> {
  return Effect.gen(function* () {
    const summary = yield* runPipeline(pipeline, options)
    if (summary.status !== "succeeded") {
      return yield* new RunFailed({ message: reasonOf(summary), summary })
    }
    const places: Record<string, string> = {}
    for (const [name, reference] of Object.entries(pipeline.outputs)) {
      places[name] = summary.outputs[name] ?? (yield* inStore(summary, name, reference))
    }
    return places
  })
}
