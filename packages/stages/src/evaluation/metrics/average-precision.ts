import type { Scores } from "./classification.ts"
import { torchSort } from "./torch-top-k.ts"

/** Samples by falling score of one class; of equal scores those are first that `torch.sort` puts first. */
export const rankedSamples = ({ values, classes }: Scores, label: number): Int32Array =>
  torchSort(
    Float32Array.from(
      { length: values.length / classes },
      (_, sample) => values[sample * classes + label] ?? 0,
    ),
  )

/**
 * Average precision of one class over ranked samples: the mean, over the samples that have the label, of the precision
 * among those ranked no lower. 0 when no sample has the label.
 *
 * @param order samples by falling score
 * @param relevant 1 where a sample has the label
 * @param weights how often each sample counts (for the bootstrap); once each when absent
 */
export const averagePrecision = (
  order: Int32Array,
  relevant: (sample: number) => boolean,
  weights?: Float64Array,
): number => {
  let seen = 0
  let found = 0
  let sum = 0
  for (const sample of order) {
    const weight = weights === undefined ? 1 : (weights[sample] ?? 0)
    if (weight === 0) continue
    if (!relevant(sample)) {
      seen += weight
      continue
    }
    // A sample drawn several times stands in the ranking several times.
    for (let copy = 0; copy < weight; copy++) {
      seen++
      found++
      sum += found / seen
    }
  }
  return sum / Math.max(found, 1)
}
