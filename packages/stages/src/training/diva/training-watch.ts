import type { TrainingState } from "./checkpoint.ts"
import type { Replica } from "./replica.ts"
import type { StepTimes } from "./trainer.ts"
import type { EvaluationRecord } from "./training-record.ts"

/** Who looks at a training while it goes on. */
export interface TrainingWatch {
  /**
   * Called before the first step and after each.
   *
   * @returns the evaluations that were made
   */
  readonly look: (
    state: TrainingState,
    replica: Replica,
    times: (StepTimes & { readonly images: number }) | undefined,
  ) => Promise<ReadonlyArray<EvaluationRecord>>
  /** Whether the training may stop before its last step. */
  readonly isEnough: (state: TrainingState) => boolean
}
