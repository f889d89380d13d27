/** How the pixels between pixels are found, by OpenCV's names. */
export type Interpolation = "nearest" | "linear" | "cubic" | "area" | "lanczos"

/** OpenCV's `area` is another thing where it makes an image larger along any side. */
export type TapKind = Interpolation | "enlarged"

/** For each place of the result: its first source place, how many there are, and their weights. */
export interface Taps {
  /** Two numbers a place: first, count. From the first on, there are `most` places in the line. */
  readonly places: Int32Array
  /** `most` weights a place. */
  readonly weights: Float32Array
  readonly most: number
}

/**
 * The weights with which OpenCV resizes a line of `from` pixels to `to`.
 *
 * @param start first place of the result that is wanted
 * @param count how many places are wanted
 */
export const makeTaps = (
  interpolation: TapKind,
  from: number,
  to: number,
  start: number,
  count: number,
): Taps => {
  const scale = from / to
  if (interpolation === "area") return areaTaps(from, scale, start, count)
  if (interpolation === "nearest") return nearestTaps(from, scale, start, count)
  const point = interpolation === "enlarged" ? enlargedPoint : middlePoint
  return kernelTaps(from, start, count, KERNELS[interpolation], (at) => point(at, scale))
}

/** Empty tables. Whoever takes `most` taps everywhere must not reach beyond the line, so there are no more than it has. */
const emptyTaps = (count: number, most: number): Taps => ({
  places: new Int32Array(2 * count),
  weights: new Float32Array(most * count),
  most,
})

const nearestTaps = (from: number, scale: number, start: number, count: number): Taps => {
  const taps = emptyTaps(count, 1)
  taps.weights.fill(1)
  for (let index = 0; index < count; index++) {
    taps.places[2 * index] = Math.min(Math.floor((start + index) * scale), from - 1)
    taps.places[2 * index + 1] = 1
  }
  return taps
}

/** Points as close to a pixel's middle are the pixel. */
const LEAST_SHIFT = 1e-6

/** Less of a pixel counts for nothing. */
const LEAST_PART = 1e-3

/** Each source pixel as far as it lies within the place, as in OpenCV's computeResizeAreaTab. */
const areaTaps = (from: number, scale: number, start: number, count: number): Taps => {
  let most = 1
  const spans = new Int32Array(2 * count)
  for (let index = 0; index < count; index++) {
    const begin = (start + index) * scale
    const last = Math.min(Math.floor(begin + scale), from - 1)
    const whole = Math.min(Math.ceil(begin), last)
    const first = whole - begin > LEAST_PART ? whole - 1 : whole
    const end = begin + scale - last > LEAST_PART ? last + 1 : last
    spans[2 * index] = first
    spans[2 * index + 1] = end
    most = Math.max(most, end - first)
  }
  const taps = emptyTaps(count, most)
  for (let index = 0; index < count; index++) {
    const begin = (start + index) * scale
    const width = Math.min(scale, from - begin)
    const first = spans[2 * index] ?? 0
    const end = spans[2 * index + 1] ?? 0
    const base = Math.min(first, from - most)
    taps.places[2 * index] = base
    taps.places[2 * index + 1] = end - base
    const at = index * most - base
    for (let place = first; place < end; place++)
      taps.weights[at + place] = partOf(place, begin, scale, width) / width
  }
  return taps
}

/** How much of a pixel lies within a place. */
const partOf = (pixel: number, begin: number, scale: number, width: number): number =>
  pixel < begin ? pixel + 1 - begin : Math.min(begin + scale - pixel, 1, width)

/** Weights of the pixels around a point, of which `x` is the part beyond the pixel before it. */
interface Kernel {
  readonly size: number
  readonly weigh: (x: number, weights: Float64Array) => void
}

/** Where the middle of a place lies between the middles of pixels; with OpenCV's precision. */
const middlePoint = (at: number, scale: number): number => Math.fround((at + 0.5) * scale - 0.5)

/** The pixel that a place begins in, and as much of the next one as the place reaches into it. */
const enlargedPoint = (at: number, scale: number): number => {
  const pixel = Math.floor(at * scale)
  const part = Math.fround(at + 1 - (pixel + 1) / scale)
  return pixel + (part <= 0 ? 0 : part - Math.floor(part))
}

const kernelTaps = (
  from: number,
  start: number,
  count: number,
  { size, weigh }: Kernel,
  pointOf: (at: number) => number,
): Taps => {
  const taps = emptyTaps(count, Math.min(size, from))
  const weights = new Float64Array(size)
  const inside = new Float64Array(taps.most)
  for (let index = 0; index < count; index++) {
    const point = pointOf(start + index)
    const before = Math.floor(point)
    const first = before - size / 2 + 1
    const base = Math.min(Math.max(first, 0), from - taps.most)
    weigh(point - before, weights)
    // What lies beyond the edge counts for the pixel at the edge.
    inside.fill(0)
    for (let tap = 0; tap < size; tap++) {
      const place = Math.min(Math.max(first + tap, 0), from - 1) - base
      inside[place] = (inside[place] ?? 0) + (weights[tap] ?? 0)
    }
    taps.places[2 * index] = base
    taps.places[2 * index + 1] = Math.min(Math.max(before + size / 2, 0), from - 1) - base + 1
    taps.weights.set(inside, index * taps.most)
  }
  return taps
}

const linear: Kernel = {
  size: 2,
  weigh: (x, weights) => {
    weights[0] = 1 - x
    weights[1] = x
  },
}

const cubic: Kernel = {
  size: 4,
  weigh: (x, weights) => {
    const a = -0.75
    const far = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
    const near = ((a + 2) * x - (a + 3)) * x * x + 1
    const next = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1
    weights[0] = far
    weights[1] = near
    weights[2] = next
    weights[3] = 1 - far - near - next
  },
}

const lanczos: Kernel = {
  size: 8,
  weigh: (x, weights) => {
    let sum = 0
    for (let index = 0; index < 8; index++) {
      const t = ((x + 3 - index) * Math.PI) / 4
      if (Math.abs(t) < LEAST_SHIFT) {
        weights.fill(0)
        weights[index] = 1
        return
      }
      const weight = ((index % 2 === 0 ? 1 : -1) * Math.sin(t)) / (t * t)
      weights[index] = weight
      sum += weight
    }
    for (let index = 0; index < 8; index++) weights[index] = (weights[index] ?? 0) / sum
  },
}

const KERNELS = { linear, enlarged: linear, cubic, lanczos } as const
