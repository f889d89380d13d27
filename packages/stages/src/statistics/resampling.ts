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

/** From so many drawn items on the mean of a draw is as good as normal, and is drawn as such. */
const MOST_DRAWN = 1_000_000

/** Draws of items, of values that may change between draws. */
export interface ItemDraw {
  readonly estimate: () => number
  /** To be called when the values have changed. */
  readonly renew: () => void
  readonly replicate: () => number
}

/**
 * The estimate of the values, and replicates of it from drawn items.
 *
 * @param replicates how many there will be, to choose between drawing each item and the normal distribution of their mean
 */
export const itemDraw = (
  values: Float64Array,
  groups: ReadonlyArray<Group>,
  kind: Grouping["kind"] | undefined,
  stream?: RandomStream,
  replicates = 0,
): ItemDraw => {
  const estimate = (): number =>
    kind === "strata" ? mean(groups.map((group) => meanOf(values, group))) : mean(values)
  if (stream === undefined) return { estimate, renew: () => {}, replicate: estimate }
  if (values.length * replicates > MOST_DRAWN) return normalDraw(values, groups, kind, stream, estimate)
  if (kind === "clusters") return clusterDraw(values, groups, stream, estimate)
  const replicate = (): number => {
    let sum = 0
    for (const group of groups) sum += drawnMean(values, group, stream)
    return sum / groups.length
  }
  return { estimate, renew: () => {}, replicate }
}

const sumOf = (values: Float64Array, { start, end }: Group): number => {
  let sum = 0
  for (let item = start; item < end; item++) sum += values[item] ?? 0
  return sum
}

const meanOf = (values: Float64Array, group: Group): number =>
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

const normalDraw = (
  values: Float64Array,
  groups: ReadonlyArray<Group>,
  kind: Grouping["kind"] | undefined,
  stream: RandomStream,
  estimate: () => number,
): ItemDraw => {
  let centre = 0
  let spread = 0
  const renew = (): void => {
    centre = estimate()
    spread = Math.sqrt(varianceOf(values, groups, kind, centre))
  }
  renew()
  return { estimate, renew, replicate: () => centre + spread * (stream.normals(1)[0] ?? 0) }
}

/** The variance of the estimate over draws of items. */
const varianceOf = (
  values: Float64Array,
  groups: ReadonlyArray<Group>,
  kind: Grouping["kind"] | undefined,
  centre: number,
): number => {
  if (kind === "clusters") {
    const squares = groups.map((group) => (sumOf(values, group) - centre * (group.end - group.start)) ** 2)
    return squares.reduce((sum, square) => sum + square, 0) / values.length ** 2
  }
  const parts = groups.map((group) => squaresOf(values, group) / (group.end - group.start) ** 2)
  return parts.reduce((sum, part) => sum + part, 0) / groups.length ** 2
}

/** The sum of squared distances to the group's mean. */
const squaresOf = (values: Float64Array, group: Group): number => {
  const centre = meanOf(values, group)
  let sum = 0
  for (let item = group.start; item < group.end; item++) sum += ((values[item] ?? 0) - centre) ** 2
  return sum
}
