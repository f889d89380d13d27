import { Data } from "effect"

/**
 * Why an attempt ended without outputs.
 *
 * - `transient`: the world was in the way (network, busy disk): worth another attempt.
 * - `crash`: the host process died: worth another attempt where the task allows it.
 * - `permanent`: the same input would fail again: never retried.
 * - `cancelled`: somebody asked for it to stop.
 * - `timeout`: the attempt took longer than the task allows.
 */
export type FailureReason = "transient" | "crash" | "permanent" | "cancelled" | "timeout"

/** The failure of a stage: what went wrong and what to do about it, in words for people. */
export class StageFailure extends Data.TaggedError("StageFailure")<{
  readonly reason: FailureReason
  readonly message: string
  /** What the reader can do. */
  readonly hint?: string
  /** The file (and line) that was at fault, where there is one. */
  readonly file?: string
  /** Seconds that another attempt should wait at least, as a server has said. */
  readonly retryAfter?: number
}> {}

/** A failure that the same input would meet again. */
export const permanent = (message: string, details: { hint?: string; file?: string } = {}): StageFailure =>
  new StageFailure({ reason: "permanent", message, ...details })

/** A failure that may pass by itself. */
export const transient = (
  message: string,
  details: { hint?: string; file?: string; retryAfter?: number } = {},
): StageFailure => new StageFailure({ reason: "transient", message, ...details })
