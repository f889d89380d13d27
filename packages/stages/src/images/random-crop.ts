import type { RandomStream } from "../randomness/index.ts"
import { type CropBox, crop, type Raster } from "./raster.ts"
import { resizeBicubic } from "./resize.ts"
import { roundHalfToEven } from "./rounding.ts"

/** What a random crop may be. */
export interface RandomCropOptions {
  /** Pixels of a side of the result. */
  readonly size: number
  /** Least and greatest share of the image's area. */
  readonly scale: readonly [least: number, greatest: number]
  /** Least and greatest width divided by height. */
  readonly ratio: readonly [least: number, greatest: number]
}

/** A random part of an image, resized to `size`×`size`: torchvision's RandomResizedCrop with bicubic interpolation. */
export const randomResizedCrop = (
  raster: Raster,
  stream: RandomStream,
  options: RandomCropOptions,
): Raster => {
  const { left, top, width, height } = randomCropBox(raster, stream, options)
  return resizeBicubic(crop(raster, left, top, width, height), options.size, options.size)
}

/**
 * Where to crop, by torchvision's rule: an area and a (log-uniform) shape are drawn up to ten times until they fit;
 * after that it is the largest rectangle in the middle whose shape is allowed.
 */
export const randomCropBox = (
  { width, height }: { readonly width: number; readonly height: number },
  stream: RandomStream,
  { scale, ratio }: Pick<RandomCropOptions, "scale" | "ratio">,
): CropBox => {
  const between = (low: number, high: number): number => low + (high - low) * stream.uniform()
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * between(scale[0], scale[1])
    const shape = Math.exp(between(Math.log(ratio[0]), Math.log(ratio[1])))
    const w = roundHalfToEven(Math.sqrt(area * shape))
    const h = roundHalfToEven(Math.sqrt(area / shape))
    if (w > 0 && h > 0 && w <= width && h <= height)
      return { top: stream.integer(height - h + 1), left: stream.integer(width - w + 1), width: w, height: h }
  }
  return middleBox(width, height, ratio)
}

const middleBox = (width: number, height: number, [least, greatest]: RandomCropOptions["ratio"]): CropBox => {
  const shape = width / height
  const w = shape > greatest ? Math.max(1, roundHalfToEven(height * greatest)) : width
  const h = shape < least ? Math.max(1, roundHalfToEven(width / least)) : height
  return { left: Math.trunc((width - w) / 2), top: Math.trunc((height - h) / 2), width: w, height: h }
}
