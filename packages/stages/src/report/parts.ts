import type { Metrics, Part } from "../evaluation/metrics/index.ts"
import { type Changes, summaryEstimate } from "../statistics/index.ts"
import type { Score } from "./scores.ts"

/** One class or category, before and after. */
export interface PartRow {
  readonly name: string
  readonly n: number
  readonly before: Score | undefined
  readonly after: Score | undefined
  /** Items right only after and only before, where single items of the part are known. */
  readonly changes: Changes | undefined
}

interface Files {
  readonly before: ReadonlyArray<Metrics>
  readonly after: ReadonlyArray<Metrics>
}

/** The classes or categories of both sides, but for those that have no items or no interval. */
export const compareParts = (files: Files, sameItems: boolean): ReadonlyArray<PartRow> => {
  const changes = sameItems ? categoryChanges(files) : new Map<string, Changes>()
  const names = [...files.before, ...files.after].flatMap((file) => partsOf(file).map(({ name }) => name))
  return [...new Set(names)].flatMap((name) => {
    const [before, after] = [partScore(files.before, name), partScore(files.after, name)]
    const n = (before ?? after)?.n
    return n === undefined ? [] : [{ name, n, before, after, changes: changes.get(name) }]
  })
}

const partsOf = (file: Metrics): ReadonlyArray<Part> => file.per_category ?? file.per_class ?? []

const partScore = (files: ReadonlyArray<Metrics>, name: string): Score | undefined => {
  const found = files.flatMap((file) => partsOf(file).filter((part) => part.name === name && part.n > 0))
  const intervals = found.flatMap(({ interval }) => interval ?? [])
  const [first] = found
  if (first === undefined || intervals.length < found.length) return undefined
  const runs = found.map(({ value }) => value)
  return { ...summaryEstimate(runs, intervals, first.n), runs, draws: undefined }
}

/** Pairs gained and lost in each category; with several runs or draws there are shares of pairs, which are not counted. */
const categoryChanges = ({ before, after }: Files): Map<string, Changes> => {
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
