import type { Seeds } from "./bootstrap.ts"
import { mean } from "./moments.ts"
import { type Grouping, groupsOf, sumOf } from "./resampling.ts"

/** Differences below this are what rounding makes of none. */
export const TIE = 1e-12

/**
 * By how much each independent unit of a paired comparison has changed, on the mean over the seeds: an item, or a whole
 * cluster of items. The units stand in strata; the mean over the strata of the mean over their units is the difference.
 */
export type UnitChanges = ReadonlyArray<Float64Array>

/** After minus before in the units that a grouping makes of the items. */
export const unitChanges = (before: Seeds, after: Seeds, grouping?: Grouping): UnitChanges => {
  const at = (seeds: Seeds, item: number): number => mean(seeds.map((values) => values[item] ?? 0))
  const items = Float64Array.from(before[0], (_, item) => untied(at(after, item) - at(before, item)))
  const groups = groupsOf(items.length, grouping)
  if (grouping?.kind !== "clusters") return groups.map(({ start, end }) => items.subarray(start, end))
  // Of clusters of different sizes the larger ones count for more, as in the mean over all items.
  const size = items.length / groups.length
  return [Float64Array.from(groups, (group) => untied(sumOf(items, group) / size))]
}

const untied = (change: number): number => (Math.abs(change) < TIE ? 0 : change)

/** Whether the difference is the mean over all items alike: then a count of changed items says all of it. */
export const isPlainMean = (items: number, grouping?: Grouping): boolean => {
  const sizes = groupsOf(items, grouping).map(({ start, end }) => end - start)
  const wanted = grouping?.kind === "clusters" ? 1 : sizes[0]
  return sizes.every((size) => size === wanted)
}
