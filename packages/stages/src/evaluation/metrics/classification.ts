/**
 * Zero-shot classification scored as CLIP_benchmark scores it (metrics/zeroshot_classification.py), on plain arrays.
 * Scores are `[samples, classes]`, row by row; a tie goes to the class with the lower index.
 */
export interface Scores {
  /** `[samples, classes]`, row by row. */
  readonly values: Float32Array
  readonly classes: number
}

/** How many classes of a row score higher than the given class (ties: the lower index first). */
const rankOf = (scores: Scores, sample: number, target: number): number => {
  const start = sample * scores.classes
  const own = scores.values[start + target] ?? Number.NEGATIVE_INFINITY
  let rank = 0
  for (let other = 0; other < scores.classes; other++) {
    const value = scores.values[start + other] ?? Number.NEGATIVE_INFINITY
    if (value > own || (value === own && other < target)) rank++
  }
  return rank
}

/**
 * The rank of each sample's own class: 0 when it scores highest.
 *
 * @param labels the class of each sample, in 0…classes−1
 */
export const labelRanks = (scores: Scores, labels: Int32Array): Int32Array =>
  Int32Array.from(labels, (label, sample) => rankOf(scores, sample, label))

/** 1 for each sample whose own class is among its `k` best, else 0. Their mean is the top-k accuracy. */
export const topK = (ranks: Int32Array, k: number): Uint8Array =>
  Uint8Array.from(ranks, (rank) => (rank < k ? 1 : 0))

/** The samples and right answers of one class. */
export interface ClassCount {
  readonly samples: number
  readonly right: number
}

/** Samples and top-1 hits of each class. */
export const countByClass = (
  hits: Uint8Array,
  labels: Int32Array,
  classes: number,
): ReadonlyArray<ClassCount> => {
  const samples = new Int32Array(classes)
  const right = new Int32Array(classes)
  labels.forEach((label, sample) => {
    samples[label] = (samples[label] ?? 0) + 1
    right[label] = (right[label] ?? 0) + (hits[sample] ?? 0)
  })
  return Array.from(samples, (count, label) => ({ samples: count, right: right[label] ?? 0 }))
}

/** The mean of the classes' recalls (scikit-learn's balanced accuracy); classes without samples don't count. */
export const meanPerClassRecall = (counts: ReadonlyArray<ClassCount>): number => {
  const present = counts.filter(({ samples }) => samples > 0)
  return present.reduce((sum, { samples, right }) => sum + right / samples, 0) / present.length
}

/** Samples by falling score of one class; ties in the samples' order. */
export const rankedSamples = (scores: Scores, label: number): Int32Array => {
  const score = (sample: number): number => scores.values[sample * scores.classes + label] ?? 0
  const order = Int32Array.from({ length: scores.values.length / scores.classes }, (_, sample) => sample)
  return order.sort((a, b) => score(b) - score(a) || a - b)
}

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
