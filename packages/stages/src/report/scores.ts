import type { Metrics } from "../evaluation/metrics/index.ts"
import { RandomStream } from "../randomness/index.ts"
import {
  type Estimate,
  type Grouping,
  mean,
  type ResampledSeeds,
  type Seeds,
  shareEstimate,
  summaryEstimate,
} from "../statistics/index.ts"
import type { Measure } from "./measures.ts"

/** The score of one metric, over one or several runs (training seeds). */
export interface Score extends Estimate {
  /** The value of each run. */
  readonly runs: ReadonlyArray<number>
  /** How often a random view was drawn in each run, and the standard deviation over those draws. */
  readonly draws: { readonly count: number; readonly spread: number } | undefined
}

/** The stream of a number in the report: a name, so that the same files give the same report. */
export const reportStream = (...names: ReadonlyArray<string>): RandomStream =>
  RandomStream.named(0, "report", ...names)

/** The files' score; undefined where there is none, or none with an interval. */
export const scoreOf = (
  files: ReadonlyArray<Metrics>,
  measure: Measure,
  names: ReadonlyArray<string>,
): Score | undefined => {
  const { metric } = measure
  const told = files.filter(({ metrics, intervals }) => metric in metrics && metric in intervals)
  const [first] = told
  if (first === undefined || told.length < files.length) return undefined
  const runs = told.flatMap(({ metrics }) => metrics[metric] ?? [])
  const seeds = told.length > 1 && sameItems(told) ? itemSeeds(told, metric) : undefined
  const estimate =
    seeds === undefined
      ? summaryEstimate(
          runs,
          told.flatMap(({ intervals }) => intervals[metric] ?? []),
          first.n,
        )
      : shareEstimate(seeds, reportStream("score", metric, ...names), groupingOf(first, measure))
  return { ...estimate, n: first.n, runs, draws: drawsOf(told, metric) }
}

const drawsOf = (files: ReadonlyArray<Metrics>, metric: string): Score["draws"] => {
  const count = Math.max(...files.map(({ draws }) => draws))
  return count === 1 ? undefined : { count, spread: mean(files.map(({ spread }) => spread?.[metric] ?? 0)) }
}

const sameItems = (files: ReadonlyArray<Metrics>): boolean =>
  files.every(({ items }) => items.digest === files[0]?.items.digest)

/** How the items of a metric hang together. */
export const groupingOf = ({ items }: Metrics, measure: Measure): Grouping | undefined =>
  measure.items === "plain" || items.groups === undefined
    ? undefined
    : { kind: measure.items, sizes: items.groups }

/** For each file the items' shares of draws in which they were right; undefined where a file has no such record. */
export const itemSeeds = (files: ReadonlyArray<Metrics>, metric: string): Seeds | undefined => {
  const seeds = files.flatMap(({ items }) => {
    const draws = items.outcomes[metric]
    return draws === undefined ? [] : [itemShares(draws)]
  })
  const [first, ...others] = seeds
  if (first === undefined || seeds.length < files.length) return undefined
  return others.every(({ length }) => length === first.length) ? [first, ...others] : undefined
}

const itemShares = (draws: ReadonlyArray<string>): Float64Array =>
  Float64Array.from(draws[0] ?? "", (_, item) => mean(draws.map((draw) => (draw[item] === "1" ? 1 : 0))))

/** For each file the metric in resamples of its items; undefined where a file has no such record. */
export const resampledSeeds = (files: ReadonlyArray<Metrics>, metric: string): ResampledSeeds | undefined => {
  const seeds = files.flatMap(({ metrics, items }) => {
    const [value, resamples] = [metrics[metric], items.resamples?.[metric]]
    return value === undefined || resamples === undefined ? [] : [{ value, resamples }]
  })
  const [first, ...others] = seeds
  if (first === undefined || seeds.length < files.length) return undefined
  const isAlike = others.every(({ resamples }) => resamples.length === first.resamples.length)
  return isAlike ? [first, ...others] : undefined
}
