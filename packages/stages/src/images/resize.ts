import type { Raster } from "./raster.ts"

/** Bits after the binary point of Pillow's fixed-point weights: 32 − 8 (of a pixel) − 2 (room for overshoot). */
const PRECISION = 22

/** The parameter of Keys' cubic in Pillow. */
const A = -0.5

/** The weights with which one row or column is made from another. */
interface Weights {
  /** The first source position of each target position. */
  readonly first: Int32Array
  /** How many source positions each target position uses. */
  readonly counts: Int32Array
  /** `taps` fixed-point weights for each target position, of which `counts` are used. */
  readonly values: Int32Array
  readonly taps: number
}

/**
 * An image resized to `width`×`height` with bicubic interpolation and antialiasing, bit by bit as Pillow 13's
 * `resize(…, BICUBIC)`: rows and columns one after the other, in fixed point, rounded to 8 bits in between.
 */
export const resizeBicubic = (raster: Raster, width: number, height: number): Raster =>
  columnsFirst(raster, width, height)
    ? resizeRows(resizeColumns(raster, height), width)
    : resizeColumns(resizeRows(raster, width), height)

/** Pillow 13 starts with the columns when the height shrinks by more than twice what the width does. */
const columnsFirst = (raster: Raster, width: number, height: number): boolean =>
  raster.height > height && raster.height - height > 2 * (raster.width - width)

const cubic = (distance: number): number => {
  const x = Math.abs(distance)
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * A
  return 0
}

const weightsFor = (from: number, to: number): Weights => {
  const scale = from / to
  const stretch = Math.max(scale, 1)
  const support = 2 * stretch
  const taps = Math.ceil(support) * 2 + 1
  const first = new Int32Array(to)
  const counts = new Int32Array(to)
  const values = new Int32Array(to * taps)
  const exact = new Float64Array(taps)
  for (let target = 0; target < to; target++) {
    const centre = (target + 0.5) * scale
    const low = Math.max(0, Math.trunc(centre - support + 0.5))
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - low
    let sum = 0
    for (let tap = 0; tap < count; tap++) {
      const weight = cubic((tap + low - centre + 0.5) * (1 / stretch))
      exact[tap] = weight
      sum += weight
    }
    for (let tap = 0; tap < count; tap++) {
      const weight = (sum === 0 ? (exact[tap] ?? 0) : (exact[tap] ?? 0) / sum) * (1 << PRECISION)
      values[target * taps + tap] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5)
    }
    first[target] = low
    counts[target] = count
  }
  return { first, counts, values, taps }
}

const resizeRows = (source: Raster, width: number): Raster => {
  if (width === source.width) return source
  const { first, counts, values, taps } = weightsFor(source.width, width)
  const data = new Uint8Array(3 * width * source.height)
  let to = 0
  for (let row = 0; row < source.height; row++) {
    for (let column = 0; column < width; column++, to += 3) {
      const start = 3 * (row * source.width + (first[column] ?? 0))
      sumTaps(source.data, start, 3, values, column * taps, counts[column] ?? 0, data, to)
    }
  }
  return { width, height: source.height, data }
}

const resizeColumns = (source: Raster, height: number): Raster => {
  if (height === source.height) return source
  const { first, counts, values, taps } = weightsFor(source.height, height)
  const stride = 3 * source.width
  const data = new Uint8Array(stride * height)
  let to = 0
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < stride; column += 3, to += 3) {
      const start = (first[row] ?? 0) * stride + column
      sumTaps(source.data, start, stride, values, row * taps, counts[row] ?? 0, data, to)
    }
  }
  return { width: source.width, height, data }
}

/** One pixel: the weighted sum of `count` pixels that lie `step` values apart, rounded and clamped to 8 bits. */
const sumTaps = (
  from: Uint8Array,
  start: number,
  step: number,
  weights: Int32Array,
  firstWeight: number,
  count: number,
  data: Uint8Array,
  to: number,
): void => {
  const half = 1 << (PRECISION - 1)
  let red = half
  let green = half
  let blue = half
  for (let tap = 0, at = start; tap < count; tap++, at += step) {
    const weight = weights[firstWeight + tap] ?? 0
    red += (from[at] ?? 0) * weight
    green += (from[at + 1] ?? 0) * weight
    blue += (from[at + 2] ?? 0) * weight
  }
  data[to] = clamp(red >> PRECISION)
  data[to + 1] = clamp(green >> PRECISION)
  data[to + 2] = clamp(blue >> PRECISION)
}

const clamp = (value: number): number => Math.max(0, Math.min(255, value))
