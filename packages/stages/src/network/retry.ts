import { Duration, Effect, Schedule } from "effect"
import type { TransferFault } from "./transfer-fault.ts"

/** How often and how patiently a transfer that failed is tried again. */
export interface TransferRetry {
  /** Further attempts after the first. */
  readonly times: number
  /** Milliseconds before the second attempt; doubled, with jitter, before each further one. */
  readonly delay: number
  /** The longest wait, in milliseconds. A server that asks for more is not asked again. */
  readonly longest: number
}

/**
 * Tries again what may pass by itself, with exponential back-off and jitter, and never sooner than the server's
 * `Retry-After` allows. Faults that will not pass (404, 410, unknown hosts) fail at once.
 */
export const retryTransfer =
  ({ times, delay, longest }: TransferRetry) =>
  <A, R>(transfer: Effect.Effect<A, TransferFault, R>): Effect.Effect<A, TransferFault, R> =>
    Effect.retry(transfer, {
      times,
      while: (fault) => fault.transient && (fault.retryAfter ?? 0) <= longest,
      schedule: Schedule.exponential(Duration.millis(delay)).pipe(
        Schedule.jittered,
        Schedule.setInputType<TransferFault>(),
        Schedule.modifyDelay(({ input, duration }) =>
          Effect.succeed(
            Duration.millis(Math.max(input.retryAfter ?? 0, Math.min(Duration.toMillis(duration), longest))),
          ),
        ),
      ),
    })

const YEAR = 365 * 24 * 3600 * 1000

/**
 * Milliseconds from now that a `Retry-After` header asks for: seconds, or a date; a year at most.
 *
 * @param now milliseconds since 1970
 */
export const parseRetryAfter = (value: string | undefined, now: number): number | undefined => {
  if (value === undefined) return undefined
  const wait = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), YEAR)
}
