/** The learning rate at a step; the first step is 0. */
export type LearningRate = (step: number) => number

export interface CosineWithWarmup {
  /** The learning rate after the warm-up. */
  readonly peak: number
  /** Steps from 0 up to the peak. */
  readonly warmup: number
  /** All steps, those of the warm-up included. */
  readonly steps: number
}

/**
 * Linear warm-up from zero, then half a cosine down to zero: transformers' get_cosine_schedule_with_warmup.
 * With a warm-up the learning rate of the very first step is therefore 0.
 */
export const cosineWithWarmup =
  ({ peak, warmup, steps }: CosineWithWarmup): LearningRate =>
  (step) => {
    if (step < warmup) return (peak * step) / Math.max(1, warmup)
    const progress = (step - warmup) / Math.max(1, steps - warmup)
    return peak * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)))
  }
