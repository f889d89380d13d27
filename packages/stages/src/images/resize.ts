import { type Bytes, resample } from "./kernel/resample.ts"
import { type Picture, premultiplied, unmultiplied } from "./picture.ts"
import type { Raster } from "./raster.ts"
import { resizeDeep } from "./resize-deep.ts"
import { resizeNearest } from "./resize-nearest.ts"
import { type Resizing, startsWithColumns, windowOf } from "./resizing.ts"
import { spanOf, type Taps, tapsFor } from "./taps.ts"

/** An image resized to `width`×`height` with bicubic interpolation and antialiasing, as Pillow's `resize(…, BICUBIC)`. */
export const resizeBicubic = (raster: Raster, width: number, height: number): Raster =>
  resizeRaster(raster, { width, height })

/** An RGB image resized, bit by bit as Pillow 13 does it: in fixed point, and rounded to 8 bits between its two passes. */
export const resizeRaster = (raster: Raster, resizing: Resizing): Raster => {
  const { width, height, data } = resizeBytes({ ...raster, bands: 3 }, resizing)
  return { width, height, data }
}

/**
 * A picture of any kind resized as Pillow does it: transparent ones with their colours multiplied by their opacity,
 * palettes without interpolation, 16 bits in floating point.
 */
export const resizePicture = (picture: Picture, resizing: Resizing): Picture => {
  switch (picture.mode) {
    case "P":
      return { ...picture, ...resizeNearest(picture, resizing) }
    case "I;16":
      return { ...picture, ...resizeDeep(picture, resizing) }
    case "CMYK":
      return { ...picture, ...resizeBytes({ ...picture, bands: 4 }, resizing) }
    case "RGBA": {
      if (isSameSize(picture, resizing))
        return { ...picture, ...resizeBytes({ ...picture, bands: 4 }, resizing) }
      const resized = resizeBytes({ ...picture, data: premultiplied(picture.data), bands: 4 }, resizing)
      return { ...picture, ...resized, data: unmultiplied(resized.data) }
    }
    default:
      return resizeRaster(picture, resizing)
  }
}

const isSameSize = (a: { readonly width: number; readonly height: number }, b: Resizing): boolean =>
  a.width === b.width && a.height === b.height

const resizeBytes = (source: Bytes, resizing: Resizing): Bytes => {
  const { width, height, filter = "bicubic" } = resizing
  const window = windowOf(resizing)
  const across =
    width === source.width ? undefined : tapsFor(source.width, width, filter, window.left, window.width)
  const down =
    height === source.height ? undefined : tapsFor(source.height, height, filter, window.top, window.height)
  const [left, right] = across === undefined ? [window.left, window.left + window.width] : spanOf(across)
  const [top, bottom] = down === undefined ? [window.top, window.top + window.height] : spanOf(down)
  const rows = across === undefined ? [] : [{ along: "rows", taps: shifted(across, left) } as const]
  const columns = down === undefined ? [] : [{ along: "columns", taps: shifted(down, top) } as const]
  const part = { left, top, width: right - left, height: bottom - top }
  const passes = startsWithColumns(source, resizing) ? [...columns, ...rows] : [...rows, ...columns]
  return resample(source, part, passes)
}

/** The same taps, counted from another place. */
const shifted = (taps: Taps, by: number): Taps => ({ ...taps, first: taps.first.map((first) => first - by) })
