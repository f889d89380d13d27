import type { Raster } from "./raster.ts"
import { type Resizing, windowOf } from "./resizing.ts"

/** Colours are taken as they are from the pixels in the middle of which the new ones lie. */
export const resizeNearest = (source: Omit<Raster, "mode">, resizing: Resizing): Omit<Raster, "mode"> => {
  const { width, height } = resizing
  const window = windowOf(resizing)
  const columns = nearest(source.width, width).subarray(window.left, window.left + window.width)
  const rows = nearest(source.height, height).subarray(window.top, window.top + window.height)
  const data = new Uint8Array(3 * window.width * window.height)
  let to = 0
  for (const row of rows) {
    for (const column of columns) {
      const from = 3 * (row * source.width + column)
      data[to++] = source.data[from] ?? 0
      data[to++] = source.data[from + 1] ?? 0
      data[to++] = source.data[from + 2] ?? 0
    }
  }
  return { width: window.width, height: window.height, data }
}

/** Positions are found by adding up steps, as Pillow does it, with the same errors of rounding. */
const nearest = (from: number, to: number): Int32Array => {
  const step = from / to
  const sources = new Int32Array(to)
  for (let target = 0, at = step * 0.5; target < to; target++, at += step)
    sources[target] = Math.min(from - 1, Math.floor(at))
  return sources
}
