import { torchTopK } from "./torch-top-k.ts"

/*
 * Zero-shot classification scored as CLIP_benchmark scores it (metrics/zeroshot_classification.py), on plain arrays. Of
 * equal scores, accuracies take those that `torch.topk` takes; the predicted class is the first of the best, as for
 * `argmax`.
 */

/** Scores of samples, all in memory: `[samples, classes]`, row by row. */
export interface Scores {
  readonly values: Float32Array
  readonly classes: number
}

/** What a model answered, once. */
export interface ClassAnswers {
  readonly classes: number
  /** The best class of each sample. */
  readonly predicted: Int32Array
  /** The place of each sample's own class, from 0; of equal scores the lower class is before. */
  readonly ranks: Int32Array
  /** For each k 1 where a sample's own class is among the best k, else 0. */
  readonly hits: ReadonlyMap<number, Uint8Array>
  /** `[samples, shown]`: the best classes, and their scores. */
  readonly top: Int32Array
  readonly topScores: Float32Array
  readonly shown: number
  /** The score of each sample's own class. */
  readonly own: Float32Array
}

/** How many of the best classes are kept of each sample. */
const SHOWN = 5

/** Keeps what a model answers while scores come in blocks of rows. */
export class ClassAnswerKeeper {
  readonly answers: ClassAnswers
  readonly #labels: Int32Array
  /** The ks that are read off one list of `torch.topk`, by that list's length: acc1 and acc5 are off the same. */
  readonly #lists: ReadonlyMap<number, ReadonlyArray<number>>

  constructor(labels: Int32Array, classes: number, ks: ReadonlyArray<number>) {
    const samples = labels.length
    const shown = Math.min(SHOWN, classes)
    this.#labels = labels
    this.#lists = listsOf(ks, classes)
    this.answers = {
      classes,
      predicted: new Int32Array(samples),
      ranks: new Int32Array(samples),
      hits: new Map(ks.map((k) => [k, new Uint8Array(samples)])),
      top: new Int32Array(samples * shown),
      topScores: new Float32Array(samples * shown),
      shown,
      own: new Float32Array(samples),
    }
  }

  /** @param block `[count, classes]`: the scores of the samples from `start` on */
  add(block: Float32Array, start: number): void {
    const { classes, predicted, ranks, hits, top, topScores, shown, own } = this.answers
    const count = block.length / classes
    for (let index = 0; index < count; index++) {
      const sample = start + index
      const row = block.subarray(index * classes, (index + 1) * classes)
      const label = this.#labels[sample] ?? 0
      const score = row[label] ?? Number.NaN
      let [higher, equal, before] = [0, 0, 0]
      for (let other = 0; other < classes; other++) {
        const value = row[other] ?? 0
        if (value > score) higher++
        else if (value === score && other !== label) {
          equal++
          if (other < label) before++
        }
      }
      keepBest(row, top.subarray(sample * shown, (sample + 1) * shown), topScores, sample * shown)
      predicted[sample] = top[sample * shown] ?? 0
      ranks[sample] = higher + before
      own[sample] = score
      for (const [length, ks] of this.#lists) {
        const place = equal === 0 || higher >= length ? higher : placeIn(torchTopK(row, length), label)
        for (const k of ks) {
          const list = hits.get(k)
          if (list !== undefined) list[sample] = place < k ? 1 : 0
        }
      }
    }
  }
}

const listsOf = (ks: ReadonlyArray<number>, classes: number): ReadonlyMap<number, ReadonlyArray<number>> => {
  const common = Math.min(SHOWN, classes)
  const lists = new Map<number, Array<number>>()
  for (const k of ks) {
    const length = k === 1 || k === SHOWN ? (classes < SHOWN ? 1 : common) : k
    lists.set(length, [...(lists.get(length) ?? []), k])
  }
  return lists
}

const placeIn = (list: Int32Array, label: number): number => {
  const place = list.indexOf(label)
  return place < 0 ? Number.POSITIVE_INFINITY : place
}

/** The best of a row, the first of equals first. */
export const keepBest = (
  row: Float32Array,
  indices: Int32Array,
  scores: Float32Array,
  start: number,
): void => {
  const size = indices.length
  let filled = 0
  for (let index = 0; index < row.length; index++) {
    const value = row[index] ?? 0
    if (filled === size && value <= (scores[start + size - 1] ?? 0)) continue
    let at = filled < size ? filled++ : size - 1
    for (; at > 0 && (scores[start + at - 1] ?? 0) < value; at--) {
      scores[start + at] = scores[start + at - 1] ?? 0
      indices[at] = indices[at - 1] ?? 0
    }
    scores[start + at] = value
    indices[at] = index
  }
}

/** The samples and right answers of one class. */
export interface ClassCount {
  readonly samples: number
  readonly right: number
}

/** Samples of each class, and those of them that were predicted right. */
export const countByClass = (
  predicted: Int32Array,
  labels: Int32Array,
  classes: number,
): ReadonlyArray<ClassCount> => {
  const samples = new Int32Array(classes)
  const right = new Int32Array(classes)
  labels.forEach((label, sample) => {
    samples[label] = (samples[label] ?? 0) + 1
    if (predicted[sample] === label) right[label] = (right[label] ?? 0) + 1
  })
  return Array.from(samples, (count, label) => ({ samples: count, right: right[label] ?? 0 }))
}

/** The mean of the classes' recalls (scikit-learn's balanced accuracy); classes without samples don't count. */
export const meanPerClassRecall = (counts: ReadonlyArray<ClassCount>): number => {
  const present = counts.filter(({ samples }) => samples > 0)
  return present.reduce((sum, { samples, right }) => sum + right / samples, 0) / present.length
}
