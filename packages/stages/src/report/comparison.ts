import {
  comparePaired,
  type Grouping,
  type Interval,
  type Metrics,
  mean,
  studentInterval,
  wilsonInterval,
} from "../evaluation/metrics/index.ts"
import { RandomStream } from "../randomness/index.ts"
import { kindOrder, type Measure, measuresOf } from "./measures.ts"

/** What goes with intervals of 95 %. */
const SIGNIFICANCE = 0.05

/** The score of one metric, over one or several runs (training seeds). */
export interface Score {
  /** The mean over the runs. */
  readonly value: number
  readonly interval: Interval | undefined
  /** The value of each run. */
  readonly runs: ReadonlyArray<number>
}

/**
 * `better` and `worse`: beyond noise; `within-noise`: luck would explain the difference; `unchanged`: not one answer
 * changed.
 */
export type Verdict = "better" | "worse" | "within-noise" | "unchanged"

/** After minus before. */
export interface Difference {
  readonly value: number
  readonly interval: Interval
  /** `paired`: item by item; `unpaired`: from the two intervals alone, wider. */
  readonly method: "paired" | "unpaired"
  /** Of the mean over the runs, from their spread; with two runs or more. */
  readonly acrossRuns: Interval | undefined
  readonly changes: { readonly gained: number; readonly lost: number; readonly p: number } | undefined
  readonly verdict: Verdict
}

/** One metric of one benchmark, before and after. */
export interface Row {
  readonly measure: Measure
  readonly chance: number | undefined
  readonly before: Score | undefined
  readonly after: Score | undefined
  readonly difference: Difference | undefined
}

/** One class or category, before and after. */
export interface PartRow {
  readonly name: string
  readonly n: number
  readonly before: Score | undefined
  readonly after: Score | undefined
  /** Items right only after and only before, where single items of the part are known. */
  readonly changes: { readonly gained: number; readonly lost: number } | undefined
}

/** One benchmark, seen in one view of the image feature. */
export interface BenchmarkComparison {
  readonly kind: Metrics["kind"]
  readonly benchmark: string
  readonly view: Metrics["view"]
  readonly n: number
  /** How many files are behind each side. */
  readonly runs: { readonly before: number; readonly after: number }
  /** False when before and after were measured on different items. */
  readonly sameItems: boolean
  readonly rows: ReadonlyArray<Row>
  readonly parts: ReadonlyArray<PartRow>
}

interface Sides {
  readonly before: ReadonlyArray<Metrics>
  readonly after: ReadonlyArray<Metrics>
}

/** Matches the files of the two sides by kind, benchmark and view, and compares each match. */
export const compareBenchmarks = ({ before, after }: Sides): ReadonlyArray<BenchmarkComparison> => {
  const key = ({ kind, benchmark, view }: Metrics): string => JSON.stringify([kind, benchmark, view])
  const all = [...before, ...after]
  const keys = [...new Set(all.map(key))]
  return keys
    .map((name) =>
      compareOne({
        before: before.filter((file) => key(file) === name),
        after: after.filter((file) => key(file) === name),
      }),
    )
    .sort((a, b) => kindOrder(a.kind) - kindOrder(b.kind))
}

const compareOne = (sides: Sides): BenchmarkComparison => {
  const files = [...sides.before, ...sides.after]
  const [first] = files
  if (first === undefined) throw new Error("a comparison needs a metrics file")
  const sameItems = files.every(({ items }) => items.digest === first.items.digest)
  const measures = measuresOf(first.kind).filter(({ metric }) =>
    files.some(({ metrics }) => metric in metrics),
  )
  return {
    kind: first.kind,
    benchmark: first.benchmark,
    view: first.view,
    n: first.n,
    runs: { before: sides.before.length, after: sides.after.length },
    sameItems,
    rows: measures.map((measure) => compareMetric(sides, measure, sameItems)),
    parts: compareParts(sides, sameItems ? categoryChanges(sides) : new Map()),
  }
}

const scoreOf = (files: ReadonlyArray<Metrics>, metric: string): Score | undefined => {
  const runs = files.flatMap(({ metrics }) => metrics[metric] ?? [])
  if (runs.length === 0) return undefined
  const intervals = files.flatMap(({ intervals }) => intervals[metric] ?? [])
  return { value: mean(runs), interval: meanInterval(intervals), runs }
}

/** The mean of the runs' intervals: their items are the same, so more runs don't make it narrower. */
const meanInterval = (intervals: ReadonlyArray<Interval>): Interval | undefined =>
  intervals.length === 0
    ? undefined
    : { low: mean(intervals.map(({ low }) => low)), high: mean(intervals.map(({ high }) => high)) }

const compareMetric = (sides: Sides, measure: Measure, sameItems: boolean): Row => {
  const before = scoreOf(sides.before, measure.metric)
  const after = scoreOf(sides.after, measure.metric)
  const chance = [...sides.before, ...sides.after].flatMap((file) => file.chance[measure.metric] ?? [])[0]
  const difference =
    before === undefined || after === undefined
      ? undefined
      : ((sameItems ? pairedDifference(sides, measure, before, after) : undefined) ??
        unpairedDifference(before, after))
  return { measure, chance, before, after, difference }
}

const acrossRuns = (before: Score, after: Score): Interval | undefined => {
  const changed = after.runs.map((value) => value - before.value)
  return studentInterval(changed)
}

const pairedDifference = (
  sides: Sides,
  { metric, items }: Measure,
  before: Score,
  after: Score,
): Difference | undefined => {
  const [first] = [...sides.before, ...sides.after]
  const [from, to] = [itemShares(sides.before, metric), itemShares(sides.after, metric)]
  if (first === undefined || from === undefined || to?.length !== from.length) return undefined
  const sizes = first.items.groups
  const grouping: Grouping | undefined =
    items === "plain" || sizes === undefined ? undefined : { kind: items, sizes }
  const stream = RandomStream.named(0, "report", first.kind, first.benchmark, first.view, metric)
  const { difference, interval, changes } = comparePaired(from, to, stream, grouping)
  const spread = acrossRuns(before, after)
  const unchanged = from.every((value, item) => value === to[item])
  return {
    value: difference,
    interval,
    method: "paired",
    acrossRuns: spread,
    changes,
    verdict: unchanged ? "unchanged" : verdictOf(difference, interval, spread, changes?.p),
  }
}

/** For each item the share of draws and runs in which it was right. */
export const itemShares = (files: ReadonlyArray<Metrics>, metric: string): Float64Array | undefined => {
  const lists = files.flatMap(({ items }) => items.outcomes[metric] ?? [])
  const [first] = lists
  if (first === undefined || lists.some((list) => list.length !== first.length)) return undefined
  return Float64Array.from(first, (_, item) => mean(lists.map((list) => (list[item] === "1" ? 1 : 0))))
}

/** Newcombe's hybrid interval (1998): the two scores' own intervals put together. */
const unpairedDifference = (before: Score, after: Score): Difference => {
  const value = after.value - before.value
  const below = Math.hypot(
    after.value - (after.interval?.low ?? 0),
    (before.interval?.high ?? 1) - before.value,
  )
  const above = Math.hypot(
    (after.interval?.high ?? 1) - after.value,
    before.value - (before.interval?.low ?? 0),
  )
  const interval = { low: value - below, high: value + above }
  const spread = acrossRuns(before, after)
  return {
    value,
    interval,
    method: "unpaired",
    acrossRuns: spread,
    changes: undefined,
    verdict: verdictOf(value, interval, spread),
  }
}

/**
 * A change counts when zero lies outside the interval, and outside that of the runs where there are several. Where few
 * items changed, a bootstrap's interval is too narrow: McNemar's exact test has to agree.
 */
const verdictOf = (value: number, interval: Interval, spread: Interval | undefined, p = 0): Verdict => {
  const excludesZero = ({ low, high }: Interval): boolean => low > 0 || high < 0
  const isLuck = p >= SIGNIFICANCE || ![interval, spread ?? interval].every(excludesZero)
  if (isLuck) return "within-noise"
  return value > 0 ? "better" : "worse"
}

interface Changes {
  readonly gained: number
  readonly lost: number
}

/** Pairs gained and lost in each category; with several runs there are shares of pairs, which are not counted. */
const categoryChanges = ({ before, after }: Sides): ReadonlyMap<string, Changes> => {
  const [from, to] = [before[0], after[0]]
  const changes = new Map<string, Changes>()
  if (before.length !== 1 || after.length !== 1 || from?.draws !== 1 || to?.draws !== 1) return changes
  from.pairs?.forEach(({ category, right }, index) => {
    const difference = (to.pairs?.[index]?.right ?? right) - right
    const { gained, lost } = changes.get(category) ?? { gained: 0, lost: 0 }
    changes.set(category, {
      gained: gained + (difference > 0 ? 1 : 0),
      lost: lost + (difference < 0 ? 1 : 0),
    })
  })
  return changes
}

const compareParts = (sides: Sides, changes: ReadonlyMap<string, Changes>): ReadonlyArray<PartRow> => {
  const partsOf = (file: Metrics) => file.per_category ?? file.per_class ?? []
  const names = [
    ...new Set([...sides.before, ...sides.after].flatMap((file) => partsOf(file).map(({ name }) => name))),
  ]
  const score = (files: ReadonlyArray<Metrics>, name: string): (Score & { n: number }) | undefined => {
    const found = files.flatMap((file) => partsOf(file).filter((part) => part.name === name))
    const [first] = found
    if (first === undefined || first.n === 0) return undefined
    const value = mean(found.map((part) => part.value))
    const interval = first.interval === undefined ? undefined : wilsonInterval(value * first.n, first.n)
    return { value, interval, runs: found.map((part) => part.value), n: first.n }
  }
  return names.flatMap((name) => {
    const [before, after] = [score(sides.before, name), score(sides.after, name)]
    const n = (before ?? after)?.n
    return n === undefined ? [] : [{ name, n, before, after, changes: changes.get(name) }]
  })
}
