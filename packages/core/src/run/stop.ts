import { Effect, type Scope } from "effect"
import type { RunContext } from "./run-context.ts"
import type { Scheduler } from "./scheduler.ts"

/** Seconds for what runs when the run is asked to end, unless the options say otherwise. */
const GRACE = 10

const aborted = (signal: AbortSignal): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const notify = () => resume(Effect.void)
    if (signal.aborted) return notify()
    signal.addEventListener("abort", notify, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", notify))
  })

/** Watches whether the run is asked to end: then nothing new is begun, and what is not done in time is cancelled. */
export const onStop = (
  { options: { stop, grace = GRACE } }: RunContext,
  scheduler: Scheduler,
): Effect.Effect<void, never, Scope.Scope> => {
  if (stop === undefined) return Effect.void
  const watch = Effect.gen(function* () {
    yield* aborted(stop)
    scheduler.stop()
    yield* Effect.sleep(grace * 1000)
    scheduler.cancel()
  })
  return Effect.asVoid(Effect.forkScoped(watch))
}
