import type { Metrics, Part } from "../evaluation/metrics/index.ts"
import { type Seeds, summaryEstimate } from "../statistics/index.ts"
import { type Comparing, compareShares, type Difference } from "./differences.ts"
import { itemSeeds, reportStream, type Score } from "./scores.ts"

/** One class or category, before and after. */
export interface PartRow {
  readonly name: string
  readonly n: number
  readonly before: Score | undefined
  readonly after: Score | undefined
  /** Of categories of pairs, where both sides are there. It is corrected for the others later. */
  readonly difference: Difference | undefined
}

interface Files {
  readonly before: ReadonlyArray<Metrics>
  readonly after: ReadonlyArray<Metrics>
}

/** The classes or categories of both sides, but for those that have no items or no interval. */
export const compareParts = (files: Files, comparing: Comparing): ReadonlyArray<PartRow> => {
  const names = [...files.before, ...files.after].flatMap((file) => partsOf(file).map(({ name }) => name))
  return [...new Set(names)].flatMap((name) => {
    const [before, after] = [partScore(files.before, name), partScore(files.after, name)]
    const n = (before ?? after)?.n
    if (n === undefined) return []
    const difference =
      before === undefined || after === undefined || !isOfPairs(files)
        ? undefined
        : compareShares(
            { before, after },
            comparing.sameItems ? pairsOf(files, name) : undefined,
            comparing.margin,
            reportStream("category", name, ...comparing.names),
          )
    return [{ name, n, before, after, difference }]
  })
}

const partsOf = (file: Metrics): ReadonlyArray<Part> => file.per_category ?? file.per_class ?? []

const isOfPairs = ({ after }: Files): boolean => after.every(({ kind }) => kind === "mmvp")

const partScore = (files: ReadonlyArray<Metrics>, name: string): Score | undefined => {
  const found = files.flatMap((file) => partsOf(file).filter((part) => part.name === name && part.n > 0))
  const intervals = found.flatMap(({ interval }) => interval ?? [])
  const [first] = found
  if (first === undefined || intervals.length < found.length) return undefined
  const runs = found.map(({ value }) => value)
  return { ...summaryEstimate(runs, intervals, first.n), runs, draws: undefined }
}

/** The answers to the pairs of one category, where all files have the same pairs in it. */
const pairsOf = ({ before, after }: Files, name: string) => {
  const places = [...before, ...after].map((file) => placeOf(file, name))
  const [place] = places
  if (place === undefined || places.some((other) => other?.start !== place.start || other.end !== place.end))
    return undefined
  const [from, to] = [categorySeeds(before, place), categorySeeds(after, place)]
  return from === undefined || to === undefined ? undefined : { before: from, after: to }
}

interface Place {
  readonly start: number
  readonly end: number
}

/** Where the pairs of a category stand among all: categories stand in the order of their scores. */
const placeOf = ({ per_category = [], items: { groups = [] } }: Metrics, name: string): Place | undefined => {
  const index = per_category.findIndex((part) => part.name === name)
  const size = groups[index]
  if (size === undefined) return undefined
  const start = groups.slice(0, index).reduce((sum, one) => sum + one, 0)
  return { start, end: start + size }
}

const categorySeeds = (files: ReadonlyArray<Metrics>, { start, end }: Place): Seeds | undefined => {
  const [first, ...others] = (itemSeeds(files, "average") ?? []).map((seed) =>
    Array.from(seed).slice(start, end),
  )
  return first === undefined ? undefined : [first, ...others]
}
