import { permanent } from "@diva-pipeline/core"
import { meanOf, type StepRecord } from "./training-record.ts"

/** Steps whose mean loss is looked at: that of one step depends on the timesteps that it happened to draw. */
const WINDOW = 20

/**
 * Stops a training whose loss has risen far above what it was: the weights get worse with every step.
 *
 * @param factor how many times the least mean loss of the phase's earlier windows the last one may be
 * @throws StageFailure (permanent) with what to do
 */
export const refuseDivergence = (records: ReadonlyArray<StepRecord>, factor: number): void => {
  const last = records.at(-1)
  const ofPhase = records.filter(({ phase }) => phase === last?.phase)
  if (last === undefined || ofPhase.length < 2 * WINDOW || ofPhase.length % WINDOW !== 0) return
  const windows = Array.from({ length: ofPhase.length / WINDOW }, (_, index) =>
    meanOf(ofPhase.slice(index * WINDOW, (index + 1) * WINDOW).map(({ loss }) => loss)),
  )
  const now = windows.at(-1) ?? 0
  const least = Math.min(...windows)
  if (now <= factor * least) return
  throw permanent(
    `the loss has risen from ${least.toPrecision(3)} to ${now.toPrecision(3)} by step ${last.step}: the training diverges`,
    { hint: "lower learning-rate or lengthen the warm-up; where such losses are right, raise divergence" },
  )
}
