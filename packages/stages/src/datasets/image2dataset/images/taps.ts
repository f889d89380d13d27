/** How the pixels between pixels are found, by OpenCV's names. */
export type Interpolation = "nearest" | "linear" | "cubic" | "area" | "lanczos"

/** For each place of the result: its first source place, how many there are, and their weights. */
export interface Taps {
  /** Two numbers a place: first, count. From the first on, there are `most` places in the line. */
  readonly places: Int32Array
  /** `most` weights a place. */
  readonly weights: Float32Array
  readonly most: number
}

type Tap = readonly [place: number, weight: number]

/**
 * The weights with which OpenCV resizes a line of `from` pixels to `to`.
 *
 * @param start first place of the result that is wanted
 * @param count how many places are wanted
 */
export const makeTaps = (
  interpolation: Interpolation,
  from: number,
  to: number,
  start: number,
  count: number,
): Taps => {
  const scale = from / to
  const at = tapsAt(interpolation, from, scale)
  const lists = Array.from({ length: count }, (_, index) => gathered(at(start + index), from))
  const most = Math.max(...lists.map(({ weights }) => weights.length))
  const places = new Int32Array(2 * count)
  const weights = new Float32Array(most * count)
  for (const [index, list] of lists.entries()) {
    // Whoever takes `most` taps everywhere must not reach beyond the line: there, zeros come first.
    const spare = Math.max(0, list.first + most - from)
    places[2 * index] = list.first - spare
    places[2 * index + 1] = list.weights.length + spare
    weights.set(list.weights, index * most + spare)
  }
  return { places, weights, most }
}

const tapsAt = (interpolation: Interpolation, from: number, scale: number) => {
  if (interpolation === "nearest")
    return (at: number): ReadonlyArray<Tap> => [[Math.min(Math.floor(at * scale), from - 1), 1]]
  // Beyond a pixel for a pixel, the area is that of one pixel: OpenCV then interpolates linearly.
  if (interpolation === "area" && scale >= 1) return (at: number) => areaTaps(at, from, scale)
  if (interpolation === "cubic") return (at: number) => kernelTaps(at, scale, cubicWeights)
  if (interpolation === "lanczos") return (at: number) => kernelTaps(at, scale, lanczosWeights)
  return (at: number) => kernelTaps(at, scale, (x) => [1 - x, x])
}

/** Each source pixel as far as it lies within the place, as in OpenCV's computeResizeAreaTab. */
const areaTaps = (at: number, from: number, scale: number): ReadonlyArray<Tap> => {
  const begin = at * scale
  const end = begin + scale
  const width = Math.min(scale, from - begin)
  const last = Math.min(Math.floor(end), from - 1)
  const first = Math.min(Math.ceil(begin), last)
  const taps: Array<Tap> = []
  if (first - begin > 1e-3) taps.push([first - 1, (first - begin) / width])
  for (let place = first; place < last; place++) taps.push([place, 1 / width])
  if (end - last > 1e-3) taps.push([last, Math.min(end - last, 1, width) / width])
  return taps
}

/** Weights of the pixels around a point, of which `x` is the part beyond the pixel before it. */
type Kernel = (x: number) => ReadonlyArray<number>

const kernelTaps = (at: number, scale: number, kernel: Kernel): ReadonlyArray<Tap> => {
  const point = (at + 0.5) * scale - 0.5
  const before = Math.floor(point)
  const weights = kernel(point - before)
  const first = before - weights.length / 2 + 1
  return weights.map((weight, index): Tap => [first + index, weight])
}

const cubicWeights: Kernel = (x) => {
  const a = -0.75
  const far = (t: number) => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
  const near = (t: number) => ((a + 2) * t - (a + 3)) * t * t + 1
  return [far(x + 1), near(x), near(1 - x), 1 - far(x + 1) - near(x) - near(1 - x)]
}

const lanczosWeights: Kernel = (x) => {
  if (x < 1e-6) return [0, 0, 0, 1, 0, 0, 0, 0]
  const raw = Array.from({ length: 8 }, (_, index) => {
    const t = x + 3 - index
    return ((index % 2 === 0 ? 1 : -1) * Math.sin((t * Math.PI) / 4)) / (t * t)
  })
  const sum = raw.reduce((total, weight) => total + weight)
  return raw.map((weight) => weight / sum)
}

/** Taps as one run of places; those beyond the edge count for the pixel at the edge. */
const gathered = (taps: ReadonlyArray<Tap>, from: number): { first: number; weights: Array<number> } => {
  const inside = taps.map(([place, weight]): Tap => [Math.min(Math.max(place, 0), from - 1), weight])
  const first = Math.min(...inside.map(([place]) => place))
  const last = Math.max(...inside.map(([place]) => place))
  const weights = Array.from({ length: last - first + 1 }, () => 0)
  for (const [place, weight] of inside) weights[place - first] = (weights[place - first] ?? 0) + weight
  return { first, weights }
}
