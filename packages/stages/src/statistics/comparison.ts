import type { RandomStream } from "../randomness/index.ts"
import { bootstrap, type Distribution, percentileInterval, pValueAgainst, type Seeds } from "./bootstrap.ts"
import { isPlainMean, TIE, type UnitChanges, unitChanges } from "./changes.ts"
import { type ChangedItems, changeInterval, hull, type Interval, LEVEL } from "./interval.ts"
import { mcnemarTest } from "./mcnemar.ts"
import { permutationTest } from "./permutation.ts"
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
  /** How many items there are, or clusters of them: what is drawn, and tells of no other. */
  readonly units: number
  readonly seeds: { readonly before: number; readonly after: number }
  /** How likely so large a difference is when there is none: of the named test. */
  readonly p: number
  readonly test: "mcnemar" | "paired-permutation" | "paired-bootstrap"
  readonly changes: Changes | undefined
  /** Whether every item has the same answer in every seed of both sides. */
  readonly isUnchanged: boolean
  /** The interval at another level: for a test of equivalence. */
  readonly intervalAt: (level: number) => Interval
  readonly distribution: Distribution
}

/**
 * Compares two scorings item by item: far sharper than comparing two means, as most items don't change. The test is of
 * the difference that is told. With one seed on both sides it is McNemar's where all items are right or wrong and count
 * alike, else a permutation of both sides of each item; with several seeds the bootstrap's, which draws them, too, and
 * is no surer than the permutation.
 */
export const comparePaired = (
  before: Seeds,
  after: Seeds,
  stream: RandomStream,
  grouping?: Grouping,
): PairedDifference => {
  const distribution = bootstrap({ of: after, without: before, ...(grouping && { grouping }) }, stream)
  const changes = changesOf(before, after)
  const units = unitChanges(before, after, grouping)
  const strata = units.map(changedItems)
  // Where few items changed the bootstrap is too sure; the adjusted interval of the change is not.
  const intervalAt = (level: number): Interval =>
    hull(percentileInterval(distribution, level), changeInterval(strata, level))
  const isCount = changes !== undefined && isPlainMean(before[0].length, grouping)
  return {
    value: Math.abs(distribution.estimate) < TIE ? 0 : distribution.estimate,
    interval: intervalAt(LEVEL),
    units: strata.reduce((sum, { items }) => sum + items, 0),
    seeds: { before: before.length, after: after.length },
    ...(isCount
      ? { p: mcnemarTest(changes.gained, changes.lost), test: "mcnemar" }
      : testOf(units, distribution, before.length + after.length === 2, stream)),
    changes,
    isUnchanged: [...before, ...after].every((seed) => isSame(seed, before[0])),
    intervalAt,
    distribution,
  }
}

const testOf = (
  units: UnitChanges,
  distribution: Distribution,
  single: boolean,
  stream: RandomStream,
): Pick<PairedDifference, "p" | "test"> => {
  const permuted = permutationTest(units, stream)
  return single
    ? { p: permuted, test: "paired-permutation" }
    : { p: Math.max(permuted, pValueAgainst(distribution, 0)), test: "paired-bootstrap" }
}

const changedItems = (changes: Float64Array): ChangedItems => {
  let [gained, lost] = [0, 0]
  for (const change of changes) {
    if (change > 0) gained += change
    else lost -= change
  }
  return { gained, lost, items: changes.length }
}

const isSame = (one: ArrayLike<number>, other: ArrayLike<number>): boolean =>
  one.length === other.length && Array.from(one).every((value, item) => value === other[item])

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
