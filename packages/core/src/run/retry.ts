import { Duration, Effect, Schedule } from "effect"
import type { RetryPolicy, RetryRule } from "../pipeline/index.ts"
import type { StageFailure } from "../stage/index.ts"

/** Seconds that a server may ask for; who asks for more is not waited for. */
const LONGEST_ASKED = 3600

/** The rule for a failure, where one may be followed by another attempt at all. */
const ruleFor = (failure: StageFailure, policy: RetryPolicy): RetryRule | undefined =>
  failure.reason === "permanent" ||
  failure.reason === "cancelled" ||
  (failure.retryAfter ?? 0) > LONGEST_ASKED
    ? undefined
    : policy[failure.reason]

/** Seconds until the next attempt, before jitter. */
const waitAfter = (failure: StageFailure, attempt: number, policy: RetryPolicy): number => {
  const rule = ruleFor(failure, policy)
  return rule === undefined ? 0 : rule.delay * 2 ** (attempt - 1)
}

/** At most the rule's longest wait, but no less than what a server has asked for. */
const withinLimits = (failure: StageFailure, wait: number, policy: RetryPolicy): number =>
  Math.max(Math.min(wait, ruleFor(failure, policy)?.longest ?? wait), failure.retryAfter ?? 0)

/**
 * When a failed task is tried again: after `delay` seconds, then twice as long each time, at most `longest`, with jitter
 * so that tasks that failed together don't come back together, and never before a server that said so will have it: one that asks for more than an hour is not asked again.
 */
export const retrySchedule = (
  policy: RetryPolicy,
  onRetry: (failure: StageFailure, wait: number) => void,
  isStopping: () => boolean,
) =>
  Schedule.forever.pipe(
    Schedule.setInputType<StageFailure>(),
    Schedule.while(
      ({ input, attempt }) => !isStopping() && attempt < (ruleFor(input, policy)?.attempts ?? 0),
    ),
    Schedule.modifyDelay(({ input, attempt }) =>
      Effect.succeed(Duration.seconds(waitAfter(input, attempt, policy))),
    ),
    Schedule.jittered,
    Schedule.modifyDelay(({ input, duration }) =>
      Effect.succeed(Duration.seconds(withinLimits(input, Duration.toSeconds(duration), policy))),
    ),
    Schedule.tap(({ input, duration }) => Effect.sync(() => onRetry(input, Duration.toSeconds(duration)))),
  )
