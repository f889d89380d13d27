import { mean, stratifiedInterval, wilsonInterval } from "../../statistics/index.ts"
import { type ClassAnswers, type ClassCount, countByClass, meanPerClassRecall } from "./classification.ts"
import type { Metrics, Part } from "./metrics-file.ts"
import { asText, digestOf, type Evaluated, head, means, shareInterval, spreadOf } from "./scored.ts"

/** The accuracies that CLIP_benchmark tells: the second only from five classes on. */
export const ACCURACIES: ReadonlyArray<number> = [1, 5]

/** The ks among those asked for that a benchmark of so many classes has. */
export const accuraciesOf = (ks: ReadonlyArray<number>, classes: number): ReadonlyArray<number> =>
  ks.filter((k) => k <= classes)

/** A classification benchmark's answers. */
export interface LabelledAnswers {
  /** One for each draw of the view. */
  readonly draws: readonly [ClassAnswers, ...ReadonlyArray<ClassAnswers>]
  readonly labels: Int32Array
  readonly keys: ReadonlyArray<string>
  readonly classnames: ReadonlyArray<string>
}

/** Top-k accuracies and mean per-class recall. */
export const classificationMetrics = (
  about: Evaluated,
  { draws, labels, classnames, keys }: LabelledAnswers,
): Metrics => {
  const counts = draws.map(({ predicted }) => countByClass(predicted, labels, classnames.length))
  const byClass = classnames.map((name, label): Part => classPart(name, counts, label))
  const hits = new Map(
    [...draws[0].hits.keys()].map((k) => [k, draws.map((draw) => draw.hits.get(k) ?? new Uint8Array())]),
  )
  const each = <A>(give: (draws: ReadonlyArray<Uint8Array>, k: number) => A): Record<string, A> =>
    Object.fromEntries([...hits].map(([k, list]) => [`acc${k}`, give(list, k)]))
  const values = { ...each((list) => list.map(mean)), mean_per_class_recall: counts.map(meanPerClassRecall) }
  return {
    ...head("zero-shot", about, draws.length, labels.length),
    metrics: means(values),
    intervals: {
      ...each(shareInterval),
      mean_per_class_recall: stratifiedInterval(
        byClass.map(({ n, value }) => ({ trials: n, successes: n * value })),
      ),
    },
    ...spreadOf(values),
    chance: {
      ...each((_, k) => k / classnames.length),
      mean_per_class_recall: 1 / classnames.length,
    },
    per_class: byClass,
    items: {
      digest: digestOf([...keys, ...Array.from(labels, String)]),
      groups: byClass.map(({ n }) => n),
      outcomes: {
        ...each((list) => list.map(asText)),
        mean_per_class_recall: draws.map(({ predicted }) => byClassText(predicted, labels)),
      },
    },
  }
}

/** Whether each sample was predicted right, class by class: by the best class, as recall counts it. */
const byClassText = (predicted: Int32Array, labels: Int32Array): string => {
  const order = Array.from(labels, (_, sample) => sample)
  order.sort((a, b) => (labels[a] ?? 0) - (labels[b] ?? 0) || a - b)
  return order.map((sample) => (predicted[sample] === labels[sample] ? "1" : "0")).join("")
}

const classPart = (name: string, counts: ReadonlyArray<ReadonlyArray<ClassCount>>, label: number): Part => {
  const n = counts[0]?.[label]?.samples ?? 0
  const right = mean(counts.map((count) => count[label]?.right ?? 0))
  return { name, n, value: n === 0 ? 0 : right / n, interval: wilsonInterval(right, n) }
}
