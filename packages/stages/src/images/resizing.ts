import type { CropBox } from "./raster.ts"
import type { Filter } from "./taps.ts"

/** What an image becomes. */
export interface Resizing {
  readonly width: number
  readonly height: number
  /** `bicubic` without other word. */
  readonly filter?: Filter
  /** The only part of the resized image that is wanted; it must lie inside. */
  readonly window?: CropBox
}

interface Size {
  readonly width: number
  readonly height: number
}

/** The part that is wanted. */
export const windowOf = ({ width, height, window }: Resizing): CropBox =>
  window ?? { left: 0, top: 0, width, height }

/** Pillow 13 starts with the columns when the height shrinks by more than twice what the width does. */
export const startsWithColumns = (from: Size, to: Size): boolean =>
  from.height > to.height && from.height - to.height > 2 * (from.width - to.width)
