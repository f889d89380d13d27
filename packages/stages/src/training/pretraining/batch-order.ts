import { RandomStream } from "../../randomness/index.ts"

/**
 * The examples of a step: every epoch visits each example once, in an order of its own; what is left of an epoch and
 * doesn't fill a batch is passed over. With fewer examples than a batch has, examples repeat.
 *
 * @returns a function from the step (from 0) to `batch` numbers in 0…count−1
 */
export const batchOrder = (
  seed: number,
  purpose: string,
  count: number,
  batch: number,
): ((step: number) => Int32Array) => {
  const perEpoch = Math.floor(count / batch)
  if (perEpoch === 0) {
    return (step) => RandomStream.named(seed, purpose, "draw", step).integers(batch, count)
  }
  let known: { readonly epoch: number; readonly order: Int32Array } | undefined
  return (step) => {
    const epoch = Math.floor(step / perEpoch)
    if (known?.epoch !== epoch) {
      known = { epoch, order: RandomStream.named(seed, purpose, "order", epoch).permutation(count) }
    }
    const start = (step % perEpoch) * batch
    return known.order.slice(start, start + batch)
  }
}
