import { openImage } from "./decode.ts"
import { type Picture, toRgb } from "./picture.ts"
import type { Raster } from "./raster.ts"
import { resizePicture } from "./resize.ts"
import type { Resizing } from "./resizing.ts"
import { roundHalfToEven } from "./rounding.ts"
import type { Filter } from "./taps.ts"

/** How a model wants its images. */
export interface Preprocessing {
  /** Pixels of a side. */
  readonly size: number
  /** Of red, green and blue, for values in 0…1. */
  readonly mean: ReadonlyArray<number>
  readonly std: ReadonlyArray<number>
  /** `shortest`: the shorter side becomes `size`, then the middle is cut out. `squash`: both sides become `size`. */
  readonly mode: "shortest" | "squash"
  /** `bicubic` without other word. */
  readonly interpolation?: Filter
  /** Whether a picture of another kind becomes RGB before it is resized, as webdataset and torchvision read it. */
  readonly rgbFirst?: boolean
}

/**
 * An image as a model's input, as open_clip's evaluation transform makes it: `[size, size, 3]`, normalised. A picture
 * of another kind becomes RGB after it was resized, where `rgbFirst` doesn't say otherwise.
 *
 * @param into where the values go, such as a part of a batch
 */
export const preprocessForClip = (
  opened: Picture,
  how: Preprocessing,
  into = new Float32Array(3 * how.size ** 2),
): Float32Array<ArrayBuffer> => {
  const picture = how.rgbFirst === true ? toRgb(opened) : opened
  const resizing = how.mode === "squash" ? { width: how.size, height: how.size } : middleOf(picture, how.size)
  const resized = resizePicture(picture, { ...resizing, filter: how.interpolation ?? "bicubic" })
  return normalise(toRgb(resized), how.mean, how.std, into)
}

/**
 * The same from an image file. What was decoded is let go at once: pixels that wait for the garbage collector make it
 * run every few images.
 *
 * @throws UnreadableImage as `openImage` does
 */
export const prepareImage = async (
  bytes: Uint8Array,
  how: Preprocessing,
  into?: Float32Array<ArrayBuffer>,
): Promise<Float32Array<ArrayBuffer>> => {
  const picture = await openImage(bytes)
  const values = preprocessForClip(picture, how, into)
  const { buffer, byteLength } = picture.data
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
  return values
}

/** Values of 0…255 brought to 0…1, then to mean 0 and deviation 1: `[height, width, 3]`. */
export const normalise = (
  { data }: Raster,
  mean: ReadonlyArray<number>,
  std: ReadonlyArray<number>,
  into = new Float32Array(data.length),
): Float32Array<ArrayBuffer> => {
  const [red, green, blue] = [0, 1, 2].map((channel) => levels(mean[channel] ?? 0, std[channel] ?? 1))
  if (red === undefined || green === undefined || blue === undefined) return into
  for (let at = 0; at < data.length; at += 3) {
    into[at] = red[data[at] ?? 0] ?? 0
    into[at + 1] = green[data[at + 1] ?? 0] ?? 0
    into[at + 2] = blue[data[at + 2] ?? 0] ?? 0
  }
  return into
}

/** What the 256 levels of a channel become. */
const levels = (mean: number, std: number): Float32Array =>
  Float32Array.from({ length: 256 }, (_, level) =>
    Math.fround((Math.fround(level / 255) - Math.fround(mean)) / Math.fround(std)),
  )

/** torchvision's Resize (of the shorter side) and CenterCrop. */
const middleOf = ({ width, height }: Picture, size: number): Resizing => {
  const long = Math.trunc((size * Math.max(width, height)) / Math.min(width, height))
  const resized = width > height ? { width: long, height: size } : { width: size, height: long }
  const left = roundHalfToEven((resized.width - size) / 2)
  const top = roundHalfToEven((resized.height - size) / 2)
  return { ...resized, window: { left, top, width: size, height: size } }
}
