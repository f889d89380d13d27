import { Duration, Effect, Fiber } from "effect"
import type { AttemptSink, StageCall } from "./call.ts"
import type { StageFailure } from "./failure.ts"
import type { AnyStage } from "./registry.ts"
import { runStage } from "./run-stage.ts"

/** How long a stage that was interrupted may take to end. */
const GRACE = Duration.seconds(3)

/**
 * Runs a stage in the engine's process. A host can be killed, a stage here can only be asked: one that doesn't stop when
 * it is interrupted is left behind, with a warning, so that it holds up neither its timeout nor the end of the run.
 */
export const runInline = (
  stage: AnyStage,
  call: StageCall,
  sink: AttemptSink,
  stop?: AbortSignal,
): Effect.Effect<void, StageFailure> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const own = mutable(sink)
      const run = Effect.interruptible(runStage(stage, call, own.sink, stop))
      const fiber = yield* Effect.forkDetach(run)
      return yield* Effect.onInterrupt(restore(Fiber.join(fiber)), () =>
        Effect.ensuring(abandon(stage, sink, fiber), Effect.sync(own.mute)),
      )
    }),
  )

/** What is left behind has nothing more to say. */
const mutable = (sink: AttemptSink): { readonly sink: AttemptSink; readonly mute: () => void } => {
  let isMuted = false
  const own: AttemptSink = {
    progress: (progress) => isMuted || sink.progress(progress),
    log: (level, message) => isMuted || sink.log(level, message),
    output: (line) => isMuted || sink.output(line),
  }
  const mute = (): void => {
    isMuted = true
  }
  return { sink: own, mute }
}

const abandon = Effect.fnUntraced(function* (
  stage: AnyStage,
  sink: AttemptSink,
  fiber: Fiber.Fiber<void, StageFailure>,
) {
  yield* Effect.forkDetach(Fiber.interrupt(fiber))
  yield* Effect.timeoutOrElse(Effect.asVoid(Fiber.await(fiber)), {
    duration: GRACE,
    orElse: () =>
      Effect.sync(() =>
        sink.log(
          "warning",
          `${stage.name} does not stop when it is asked to, and is left to itself: let it watch \`context.signal\`, or run it in a host (\`isolation: "host"\`), which can be ended`,
        ),
      ),
  })
})
