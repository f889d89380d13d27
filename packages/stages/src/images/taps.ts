/** How pixels between pixels are made. When an image shrinks the filter widens, so that every pixel counts. */
export type Filter = "bicubic" | "bilinear"

/** A row or column of targets, each a weighted sum of neighbouring sources. */
export interface Taps {
  /** The first source of each target. */
  readonly first: Int32Array
  /** How many sources each target has. */
  readonly counts: Int32Array
  /** `most` weights for each target, of which `counts` are used; they add up to 1. */
  readonly weights: Float64Array
  readonly most: number
}

/** The parameter of Keys' cubic in Pillow. */
const A = -0.5

const cubic = (distance: number): number => {
  const x = Math.abs(distance)
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * A
  return 0
}

const triangle = (distance: number): number => Math.max(0, 1 - Math.abs(distance))

const FILTERS = { bicubic: { shape: cubic, reach: 2 }, bilinear: { shape: triangle, reach: 1 } } as const

/** Pillow's weights for the targets `start … start + length` when `from` positions become `to`. */
export const tapsFor = (from: number, to: number, filter: Filter, start: number, length: number): Taps => {
  const { shape, reach } = FILTERS[filter]
  const scale = from / to
  const stretch = Math.max(scale, 1)
  const support = reach * stretch
  const most = Math.ceil(support) * 2 + 1
  const first = new Int32Array(length)
  const counts = new Int32Array(length)
  const weights = new Float64Array(length * most)
  for (let target = 0; target < length; target++) {
    const centre = (start + target + 0.5) * scale
    const low = Math.max(0, Math.trunc(centre - support + 0.5))
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - low
    let sum = 0
    for (let tap = 0; tap < count; tap++) {
      const weight = shape((tap + low - centre + 0.5) * (1 / stretch))
      weights[target * most + tap] = weight
      sum += weight
    }
    for (let tap = target * most; sum !== 0 && tap < target * most + count; tap++)
      weights[tap] = (weights[tap] ?? 0) / sum
    first[target] = low
    counts[target] = count
  }
  return { first, counts, weights, most }
}

/** The sources that any target uses: the first, and one past the last. */
export const spanOf = ({ first, counts }: Taps): readonly [start: number, end: number] => [
  first[0] ?? 0,
  (first.at(-1) ?? 0) + (counts.at(-1) ?? 0),
]
