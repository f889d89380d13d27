import { mean, stratifiedInterval, wilsonInterval } from "../../statistics/index.ts"
import type { Metrics, Part } from "./metrics-file.ts"
import { averageOfCategories, isPairRight, PAIR_CHANCE, type PairScores, scoreByCategory } from "./pairs.ts"
import { asText, digestOf, type Evaluated, head, means, shares, spreadOf } from "./scored.ts"

/** A pairs benchmark's answers. */
export interface ScoredPair {
  /** `first/second` question ids. */
  readonly pair: string
  readonly category: string
  /** One for each draw of the view. */
  readonly draws: ReadonlyArray<PairScores>
}

/** Right pairs by category and their average, as MMVP counts them. Pairs of a category stand together. */
export const pairMetrics = (about: Evaluated, given: ReadonlyArray<ScoredPair>): Metrics => {
  const pairs = byCategory(given)
  const draws = pairs[0]?.draws.length ?? 0
  const right = Array.from({ length: draws }, (_, draw) =>
    Uint8Array.from(pairs, ({ draws }) => (draws[draw] !== undefined && isPairRight(draws[draw]) ? 1 : 0)),
  )
  const scores = right.map((hits) =>
    scoreByCategory(pairs.map(({ category }, index) => ({ category, right: hits[index] === 1 }))),
  )
  const [first = []] = scores
  const parts = first.map(({ category, pairs: n }, index): Part => {
    const count = mean(scores.map((score) => score[index]?.right ?? 0))
    return { name: category, n, value: count / n, interval: wilsonInterval(count, n) }
  })
  const values = { average: scores.map(averageOfCategories) }
  const share = shares(right)
  return {
    ...head("mmvp", about, draws, pairs.length),
    metrics: means(values),
    intervals: {
      average: stratifiedInterval(parts.map(({ n, value }) => ({ trials: n, successes: n * value }))),
    },
    ...spreadOf(values),
    chance: { average: PAIR_CHANCE },
    per_category: parts,
    pairs: pairs.map(({ pair, category }, index) => ({ pair, category, right: share[index] ?? 0 })),
    items: {
      digest: digestOf(pairs.map(({ pair }) => pair)),
      groups: parts.map(({ n }) => n),
      outcomes: { average: right.map(asText) },
    },
  }
}

/** Pairs of one category next to each other, categories in the order in which they first appear. */
const byCategory = (pairs: ReadonlyArray<ScoredPair>): ReadonlyArray<ScoredPair> => {
  const order = [...new Set(pairs.map(({ category }) => category))]
  return order.flatMap((name) => pairs.filter(({ category }) => category === name))
}
