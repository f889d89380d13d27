import type { StageContext } from "@diva-pipeline/core"
import { StageFailure } from "@diva-pipeline/core"

/** What of a stage's context training uses. */
export type PretrainingContext<Output extends string> = Pick<
  StageContext<Output>,
  "outputs" | "checkpoint" | "signal" | "progress" | "log"
>

/** Lets signals and timers through, and stops when the task is cancelled. */
export const breathe = async (signal: AbortSignal): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve))
  if (signal.aborted) throw new StageFailure({ reason: "cancelled", message: "the training was stopped" })
}
