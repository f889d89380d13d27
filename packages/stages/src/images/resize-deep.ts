import { type Resizing, startsWithColumns, windowOf } from "./resizing.ts"
import { type Filter, tapsFor } from "./taps.ts"

/** Greys of 16 bits. */
interface Levels {
  readonly width: number
  readonly height: number
  readonly data: Uint16Array
}

/** Greys of 16 bits resized as Pillow does it: in floating point, rounded to 16 bits between its two passes. */
export const resizeDeep = (source: Levels, resizing: Resizing): Levels => {
  const { width, height, filter = "bicubic" } = resizing
  const rows = (image: Levels) => (width === image.width ? image : deepRows(image, width, filter))
  const columns = (image: Levels) =>
    height === image.height ? image : transposed(deepRows(transposed(image), height, filter))
  const whole = startsWithColumns(source, resizing) ? rows(columns(source)) : columns(rows(source))
  const { left, top, ...size } = windowOf(resizing)
  const data = new Uint16Array(size.width * size.height)
  for (let row = 0; row < size.height; row++) {
    const start = (top + row) * width + left
    data.set(whole.data.subarray(start, start + size.width), row * size.width)
  }
  return { ...size, data }
}

const deepRows = (image: Levels, width: number, filter: Filter): Levels => {
  const { first, counts, weights, most } = tapsFor(image.width, width, filter, 0, width)
  const data = new Uint16Array(width * image.height)
  for (let row = 0; row < image.height; row++) {
    for (let column = 0; column < width; column++) {
      const from = row * image.width + (first[column] ?? 0)
      let sum = 0
      for (let tap = 0; tap < (counts[column] ?? 0); tap++)
        sum += (image.data[from + tap] ?? 0) * (weights[column * most + tap] ?? 0)
      data[row * width + column] = Math.max(0, Math.min(65_535, Math.trunc(sum + 0.5)))
    }
  }
  return { width, height: image.height, data }
}

const transposed = ({ width, height, data }: Levels): Levels => {
  const turned = new Uint16Array(data.length)
  for (let at = 0; at < data.length; at++)
    turned[(at % width) * height + Math.floor(at / width)] = data[at] ?? 0
  return { width: height, height: width, data: turned }
}
