import { Duration, Effect, Schedule } from "effect"
import type { RetryPolicy } from "../pipeline/index.ts"
import type { StageFailure } from "../stage/index.ts"

/** Whether another attempt may end otherwise. */
export const isRetryable = (failure: StageFailure, policy: RetryPolicy): boolean => {
  switch (failure.reason) {
    case "transient":
    case "timeout":
      return true
    case "crash":
      return policy.crashes
    case "permanent":
    case "cancelled":
      return false
  }
}

/**
 * When a failed task is tried again: after `delay` seconds, then twice as long each time, at most `longest`, with jitter
 * so that tasks that failed together don't come back together.
 */
export const retrySchedule = (
  policy: RetryPolicy,
  onRetry: (failure: StageFailure, wait: number) => void,
) => {
  const longest = Duration.seconds(policy.longest)
  return Schedule.exponential(Duration.seconds(policy.delay)).pipe(
    Schedule.jittered,
    Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, longest))),
    Schedule.upTo({ times: policy.attempts - 1 }),
    Schedule.setInputType<StageFailure>(),
    Schedule.while(({ input }) => isRetryable(input, policy)),
    Schedule.tap(({ input, duration }) => Effect.sync(() => onRetry(input, Duration.toSeconds(duration)))),
  )
}
