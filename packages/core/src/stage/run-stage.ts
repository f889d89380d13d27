import { mkdirSync } from "node:fs"
import { Cause, Effect, Predicate } from "effect"
import type { AttemptSink, StageCall } from "./call.ts"
import type { StageContext } from "./context.ts"
import { permanent, StageFailure } from "./failure.ts"
import { limitProgress } from "./progress-limit.ts"
import type { AnyStage } from "./registry.ts"

/** What the system's error codes mean for a stage that didn't expect them. */
const systemFailures: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  ENOSPC: ["no space left on the disk", "free some space and run again: what is finished is kept"],
  EDQUOT: ["the disk quota is used up", "free some space and run again: what is finished is kept"],
  EACCES: ["permission denied", "check the permissions of the files involved"],
}

/** A defect is a mistake of the stage, but for a full disk, which may strike anywhere. */
const failureOfDefect = (stage: AnyStage, defect: unknown): StageFailure => {
  const code = Predicate.hasProperty(defect, "code") ? defect.code : undefined
  const known = typeof code === "string" ? systemFailures[code] : undefined
  const message = defect instanceof Error ? defect.message : String(defect)
  if (known !== undefined) return permanent(`${known[0]} (${message})`, { hint: known[1] })
  return permanent(`${stage.name} failed unexpectedly: ${message}`, {
    hint: "this is a mistake in the stage; the attempt's log has the details",
  })
}

/** A stage of the user's may have this package installed a second time, with a class of its own. */
const isFailure = (value: unknown): value is StageFailure =>
  value instanceof StageFailure || (value instanceof Error && Predicate.isTagged(value, "StageFailure"))

/** What a stage throws when it finds its signal aborted is no mistake. */
const stopped = (stage: AnyStage): StageFailure =>
  new StageFailure({ reason: "cancelled", message: `${stage.name} was stopped` })

const made = (folder: string): string => {
  mkdirSync(folder, { recursive: true })
  return folder
}

/**
 * Runs a stage in this process, with the context that the contract promises.
 *
 * @param stop when it is aborted the stage should keep what it has and end; it may go on to its end as well
 */
export const runStage = (
  stage: AnyStage,
  call: StageCall,
  sink: AttemptSink,
  stop?: AbortSignal,
): Effect.Effect<void, StageFailure> =>
  Effect.suspend(() => {
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    if (stop?.aborted) abort()
    stop?.addEventListener("abort", abort, { once: true })
    const progress = limitProgress(sink.progress)
    const context: StageContext = {
      outputs: call.outputs,
      origins: call.origins ?? {},
      // Most stages need neither, and a folder costs more than what a small stage does.
      get scratch() {
        return made(call.scratch)
      },
      get checkpoint() {
        return made(call.checkpoint)
      },
      ...(call.previous !== undefined && { previous: call.previous }),
      environment: call.environment,
      gpus: call.gpus,
      attempt: call.attempt,
      signal: controller.signal,
      progress: progress.report,
      log: sink.log,
    }
    return Effect.suspend(() => stage.run(call.input, context)).pipe(
      Effect.onInterrupt(() => Effect.sync(() => controller.abort())),
      Effect.catchCause((cause) => {
        const failure = Cause.squash(cause)
        if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
        if (isFailure(failure)) return Effect.fail(failure)
        if (controller.signal.aborted) return Effect.fail(stopped(stage))
        for (const line of Cause.pretty(cause).split("\n")) sink.output(line)
        return Effect.fail(failureOfDefect(stage, failure))
      }),
      Effect.ensuring(
        Effect.sync(() => {
          stop?.removeEventListener("abort", abort)
          progress.flush()
        }),
      ),
    )
  })
