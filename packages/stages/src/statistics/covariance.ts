import { type Group, type Grouping, meanOf, sumOf } from "./resampling.ts"

/**
 * How the estimates of seeds vary together over draws of items: `[seeds, seeds]`, row by row. Of weighted seeds the
 * estimate's variance follows from it, without a draw.
 */
export const covarianceOf = (
  seeds: ReadonlyArray<ArrayLike<number>>,
  estimates: ReadonlyArray<number>,
  groups: ReadonlyArray<Group>,
  kind: Grouping["kind"] | undefined,
): Float64Array => {
  const influences = seeds.map((values, seed) =>
    kind === "clusters"
      ? clusterInfluence(values, estimates[seed] ?? 0, groups)
      : itemInfluence(values, groups),
  )
  return Float64Array.from({ length: seeds.length ** 2 }, (_, place) => {
    const first = influences[Math.floor(place / seeds.length)] ?? Float64Array.of()
    const second = influences[place % seeds.length] ?? Float64Array.of()
    return first.reduce((sum, value, item) => sum + value * (second[item] ?? 0), 0)
  })
}

/** By how much each item moves the mean of the groups' means. */
const itemInfluence = (values: ArrayLike<number>, groups: ReadonlyArray<Group>): Float64Array => {
  const influence = new Float64Array(values.length)
  for (const group of groups) {
    const centre = meanOf(values, group)
    const size = (group.end - group.start) * groups.length
    for (let item = group.start; item < group.end; item++)
      influence[item] = ((values[item] ?? 0) - centre) / size
  }
  return influence
}

/** By how much each cluster moves the mean of all items. */
const clusterInfluence = (
  values: ArrayLike<number>,
  estimate: number,
  groups: ReadonlyArray<Group>,
): Float64Array =>
  Float64Array.from(
    groups,
    (group) => (sumOf(values, group) - estimate * (group.end - group.start)) / values.length,
  )

/** The standard deviation of the weighted sum. */
export const spreadOf = (weights: ArrayLike<number>, covariance: Float64Array): number => {
  const count = weights.length
  let variance = 0
  for (let row = 0; row < count; row++)
    for (let column = 0; column < count; column++)
      variance += (weights[row] ?? 0) * (weights[column] ?? 0) * (covariance[row * count + column] ?? 0)
  return Math.sqrt(Math.max(0, variance))
}
