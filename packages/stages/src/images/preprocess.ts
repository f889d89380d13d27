import { crop, type Raster } from "./raster.ts"
import { resizeBicubic } from "./resize.ts"
import { roundHalfToEven } from "./rounding.ts"

/** How a model wants its images. */
export interface Preprocessing {
  /** Pixels of a side. */
  readonly size: number
  /** Of red, green and blue, for values in 0…1. */
  readonly mean: ReadonlyArray<number>
  readonly std: ReadonlyArray<number>
  /** `shortest`: the shorter side becomes `size`, then the middle is cut out. `squash`: both sides become `size`. */
  readonly mode: "shortest" | "squash"
}

/** An image as a model's input, as open_clip's evaluation transform makes it: `[size, size, 3]`, normalised. */
export const preprocessForClip = (
  raster: Raster,
  { size, mean, std, mode }: Preprocessing,
): Float32Array<ArrayBuffer> =>
  normalise(mode === "squash" ? resizeBicubic(raster, size, size) : resizeAndCrop(raster, size), mean, std)

/** Values of 0…255 brought to 0…1, then to mean 0 and deviation 1: `[height, width, 3]`. */
export const normalise = (
  { data }: Raster,
  mean: ReadonlyArray<number>,
  std: ReadonlyArray<number>,
): Float32Array<ArrayBuffer> => {
  const values = new Float32Array(data.length)
  for (let channel = 0; channel < 3; channel++) {
    const shift = mean[channel] ?? 0
    const scale = std[channel] ?? 1
    // One table a channel: there are only 256 different results.
    const table = Float32Array.from({ length: 256 }, (_, level) =>
      Math.fround((Math.fround(level / 255) - Math.fround(shift)) / Math.fround(scale)),
    )
    for (let at = channel; at < data.length; at += 3) values[at] = table[data[at] ?? 0] ?? 0
  }
  return values
}

/** torchvision's Resize (of the shorter side) and CenterCrop. */
const resizeAndCrop = (raster: Raster, size: number): Raster => {
  const isWide = raster.width > raster.height
  const long = Math.trunc(
    (size * Math.max(raster.width, raster.height)) / Math.min(raster.width, raster.height),
  )
  const resized = isWide ? resizeBicubic(raster, long, size) : resizeBicubic(raster, size, long)
  const left = roundHalfToEven((resized.width - size) / 2)
  const top = roundHalfToEven((resized.height - size) / 2)
  return crop(resized, left, top, size, size)
}
