import type { RandomStream } from "../randomness/index.ts"
import { mean } from "./moments.ts"

/** How the items of a mean hang together; sizes are of consecutive runs of items. */
export interface Grouping {
  /** `strata`: the mean of the groups' means; `clusters`: groups are drawn as a whole. */
  readonly kind: "strata" | "clusters"
  readonly sizes: ReadonlyArray<number>
}

/** A run of items that belong together. */
export interface Group {
  readonly start: number
  readonly end: number
}

/** The groups that have items. Without a grouping all items are one. */
export const groupsOf = (items: number, grouping?: Grouping): ReadonlyArray<Group> => {
  let end = 0
  return (grouping?.sizes ?? [items]).flatMap((size) => {
    end += size
    return size === 0 ? [] : [{ start: end - size, end }]
  })
}

/** Draws of items, of values that may change between draws. */
export interface ItemDraw {
  readonly estimate: () => number
  /** To be called when the values have changed. */
  readonly renew: () => void
  readonly replicate: () => number
}

/**
 * The estimate of the values, and replicates of it from drawn items.
 */
export const itemDraw = (
  values: Float64Array,
  groups: ReadonlyArray<Group>,
  kind: Grouping["kind"] | undefined,
  stream?: RandomStream,
): ItemDraw => {
  const estimate = (): number =>
    kind === "strata" ? mean(groups.map((group) => meanOf(values, group))) : mean(values)
  if (stream === undefined) return { estimate, renew: () => {}, replicate: estimate }
  if (kind === "clusters") return clusterDraw(values, groups, stream, estimate)
  const replicate = (): number => {
    let sum = 0
    for (const group of groups) sum += drawnMean(values, group, stream)
    return sum / groups.length
  }
  return { estimate, renew: () => {}, replicate }
}

/** The sum of a group's values. */
export const sumOf = (values: ArrayLike<number>, { start, end }: Group): number => {
  let sum = 0
  for (let item = start; item < end; item++) sum += values[item] ?? 0
  return sum
}

/** The mean of a group's values. */
export const meanOf = (values: ArrayLike<number>, group: Group): number =>
  sumOf(values, group) / (group.end - group.start)

const drawnMean = (values: Float64Array, { start, end }: Group, stream: RandomStream): number => {
  const size = end - start
  let sum = 0
  for (let drawn = 0; drawn < size; drawn++) sum += values[start + stream.integer(size)] ?? 0
  return sum / size
}

const clusterDraw = (
  values: Float64Array,
  groups: ReadonlyArray<Group>,
  stream: RandomStream,
  estimate: () => number,
): ItemDraw => {
  let sums = new Float64Array(groups.length)
  const renew = (): void => {
    sums = Float64Array.from(groups, (group) => sumOf(values, group))
  }
  renew()
  const replicate = (): number => {
    let sum = 0
    let items = 0
    for (let drawn = 0; drawn < groups.length; drawn++) {
      const index = stream.integer(groups.length)
      const group = groups[index]
      sum += sums[index] ?? 0
      items += group === undefined ? 0 : group.end - group.start
    }
    return sum / items
  }
  return { estimate, renew, replicate }
}
