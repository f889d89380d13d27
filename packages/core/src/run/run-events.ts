import { Effect, type FileSystem, Queue, Stream } from "effect"
import type { RunEvent } from "../observe/index.ts"
import type { Pipeline } from "../pipeline/index.ts"
import type { HostPool } from "../stage/index.ts"
import type { Store } from "../store/index.ts"
import type { RunOptions } from "./run-context.ts"
import { type RunError, runPipeline } from "./run-pipeline.ts"

/**
 * Runs a pipeline and gives all that happens, as it happens; `RunFinished` is the last. Who stops listening cancels the
 * run. A failed task doesn't fail the stream.
 */
export const runEvents = (
  pipeline: Pipeline,
  options: Omit<RunOptions, "onEvent"> = {},
): Stream.Stream<RunEvent, RunError, Store | HostPool | FileSystem.FileSystem> =>
  Stream.callback((queue) =>
    Effect.andThen(
      runPipeline(pipeline, { ...options, onEvent: (event) => Queue.offerUnsafe(queue, event) }),
      Queue.end(queue),
    ),
  )
