/** The learning rate at a step; the first step is 0. */
export type LearningRate = (step: number) => number

/** What the learning rate does after the warm-up. */
export type ScheduleShape = "cosine" | "linear" | "constant"

export interface WarmedSchedule {
  readonly shape: ScheduleShape
  /** The learning rate after the warm-up. */
  readonly peak: number
  /** Steps from 0 up to the peak. */
  readonly warmup: number
  /** All steps, those of the warm-up included. */
  readonly steps: number
}

/** The share of the peak that is left, from the share of the steps after the warm-up that are done. */
const SHAPES: Readonly<Record<ScheduleShape, (done: number) => number>> = {
  cosine: (done) => Math.max(0, 0.5 * (1 + Math.cos(Math.PI * done))),
  linear: (done) => Math.max(0, 1 - done),
  constant: () => 1,
}

/**
 * Linear warm-up from zero, then down to zero in half a cosine or in a line, or level: transformers' schedules of these
 * names. With a warm-up the learning rate of the very first step is therefore 0.
 */
export const warmedSchedule =
  ({ shape, peak, warmup, steps }: WarmedSchedule): LearningRate =>
  (step) => {
    if (step < warmup) return (peak * step) / Math.max(1, warmup)
    return peak * SHAPES[shape]((step - warmup) / Math.max(1, steps - warmup))
  }
