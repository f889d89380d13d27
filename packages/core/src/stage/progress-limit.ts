import type { Progress } from "./context.ts"

/** Progress reports a second that leave a stage; it may make many more. */
const RATE = 10

/** Lets through as many reports as anybody can read. */
export interface ProgressLimit {
  readonly report: (progress: Progress) => void
  /** Sends the last report, if it was held back. */
  readonly flush: () => void
}

/** Limits reports to ten a second; the one that says all is done always passes. */
export const limitProgress = (
  send: (progress: Progress) => void,
  now: () => number = () => performance.now(),
): ProgressLimit => {
  let last = Number.NEGATIVE_INFINITY
  let held: Progress | undefined
  const pass = (progress: Progress): void => {
    last = now()
    held = undefined
    send(progress)
  }
  return {
    report: (progress) => {
      if (now() - last >= 1000 / RATE || progress.done === progress.total) pass(progress)
      else held = progress
    },
    flush: () => {
      if (held !== undefined) pass(held)
    },
  }
}
