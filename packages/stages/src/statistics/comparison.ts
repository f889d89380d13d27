import type { RandomStream } from "../randomness/index.ts"
import { bootstrap, type Distribution, percentileInterval, pValueAgainst, type Seeds } from "./bootstrap.ts"
import { changeInterval, hull, type Interval, LEVEL } from "./interval.ts"
import { mcnemarTest } from "./mcnemar.ts"
import { mean } from "./moments.ts"
import type { Grouping } from "./resampling.ts"

/** Items right only after and only before; known where each item is plainly right or wrong. */
export interface Changes {
  readonly gained: number
  readonly lost: number
}

/** What two scorings of the same items differ by. */
export interface PairedDifference {
  /** After minus before. */
  readonly value: number
  /** 95 %, over items and seeds. */
  readonly interval: Interval
  readonly n: number
  readonly seeds: { readonly before: number; readonly after: number }
  /** How likely so large a difference is when there is none: of the named test. */
  readonly p: number
  readonly test: "mcnemar" | "paired-bootstrap"
  readonly changes: Changes | undefined
  /** Whether not one item has changed, on the mean over the seeds. */
  readonly isUnchanged: boolean
  /** The interval at another level: for a test of equivalence. */
  readonly intervalAt: (level: number) => Interval
  readonly distribution: Distribution
}

/**
 * Compares two scorings item by item: far sharper than comparing two means, as most items don't change. Where every item
 * is right or wrong and there is one seed on both sides the test is McNemar's, else the bootstrap's.
 */
export const comparePaired = (
  before: Seeds,
  after: Seeds,
  stream: RandomStream,
  grouping?: Grouping,
): PairedDifference => {
  const distribution = bootstrap({ of: after, without: before, ...(grouping && { grouping }) }, stream)
  const changes = changesOf(before, after)
  const n = before[0].length
  const { gained, lost } = meanChanges(before, after)
  // Where few items changed the bootstrap is too sure; the adjusted interval of the change is not.
  const intervalAt = (level: number): Interval => {
    const adjusted = changeInterval(gained, lost, n, level)
    return hull(percentileInterval(distribution, level), adjusted)
  }
  return {
    value: distribution.estimate,
    interval: intervalAt(LEVEL),
    n,
    seeds: { before: before.length, after: after.length },
    ...(changes === undefined
      ? { p: pValueAgainst(distribution, 0), test: "paired-bootstrap" }
      : { p: mcnemarTest(changes.gained, changes.lost), test: "mcnemar" }),
    changes,
    isUnchanged: gained === 0 && lost === 0,
    intervalAt,
    distribution,
  }
}

/** How much items have gained and lost on the mean over the seeds: whole items where there is one seed. */
const meanChanges = (before: Seeds, after: Seeds): Changes => {
  let [gained, lost] = [0, 0]
  for (let item = 0; item < before[0].length; item++) {
    const at = (seeds: Seeds): number => mean(seeds.map((values) => values[item] ?? 0))
    const difference = at(after) - at(before)
    if (difference > 0) gained += difference
    else lost -= difference
  }
  return { gained, lost }
}

const changesOf = (before: Seeds, after: Seeds): Changes | undefined => {
  if (before.length > 1 || after.length > 1) return undefined
  let [gained, lost] = [0, 0]
  for (let item = 0; item < before[0].length; item++) {
    const [from, to] = [before[0][item] ?? 0, after[0][item] ?? 0]
    if ((from !== 0 && from !== 1) || (to !== 0 && to !== 1)) return undefined
    if (to > from) gained++
    if (to < from) lost++
  }
  return { gained, lost }
}
