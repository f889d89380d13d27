/**
 * The learning rate of each step (from 0): linear from 0 in `warmup` steps, then half a cosine from `peak` to 0 at
 * `steps`, as transformers' `get_cosine_schedule_with_warmup`.
 */
export const cosineWithWarmup =
  ({ peak, warmup, steps }: { readonly peak: number; readonly warmup: number; readonly steps: number }) =>
  (step: number): number => {
    if (step < warmup) return (peak * step) / Math.max(1, warmup)
    const progress = (step - warmup) / Math.max(1, steps - warmup)
    return peak * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)))
  }
