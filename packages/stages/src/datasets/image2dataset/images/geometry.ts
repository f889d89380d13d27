import type { ImageOptions } from "../image-options.ts"

export interface Size {
  readonly width: number
  readonly height: number
}

/** What is done to an image to make it fit: first resized, then cut or padded, as far as these are there. */
export interface Fitting {
  readonly resize?: Size
  /** A part of the resized image. */
  readonly crop?: Size & { readonly left: number; readonly top: number }
  /** White edges around the resized image. */
  readonly pad?: {
    readonly left: number
    readonly right: number
    readonly top: number
    readonly bottom: number
  }
}

/**
 * How img2dataset makes an image of `original` size fit:
 * `keep_ratio` the shorter side becomes `imageSize`; `center_crop` that, then the square in the middle;
 * `keep_ratio_largest` the longer side becomes `imageSize`; `border` that, then white edges to a square.
 * With `resizeOnlyIfBigger`, images whose side isn't beyond `imageSize` stay as they are.
 */
export const fitting = (
  { width, height }: Size,
  { imageSize, resizeMode, resizeOnlyIfBigger }: ImageOptions,
): Fitting => {
  if (resizeMode === "no") return {}
  const isShortest = resizeMode === "keep_ratio" || resizeMode === "center_crop"
  const side = isShortest ? Math.min(width, height) : Math.max(width, height)
  if (resizeOnlyIfBigger && side <= imageSize) return {}
  const scale = imageSize / side
  const resize = { width: scaled(width, scale), height: scaled(height, scale) }
  if (resizeMode === "center_crop")
    return {
      resize,
      crop: {
        width: imageSize,
        height: imageSize,
        left: Math.floor((resize.width - imageSize) / 2),
        top: Math.floor((resize.height - imageSize) / 2),
      },
    }
  if (resizeMode === "border") {
    const left = Math.floor((imageSize - resize.width) / 2)
    const top = Math.floor((imageSize - resize.height) / 2)
    return {
      resize,
      pad: {
        left,
        right: imageSize - resize.width - left,
        top,
        bottom: imageSize - resize.height - top,
      },
    }
  }
  return { resize }
}

/** The size that a fitting leads to. */
export const fittedSize = (original: Size, { resize, crop, pad }: Fitting): Size => {
  const { width, height } = crop ?? resize ?? original
  return {
    width: width + (pad === undefined ? 0 : pad.left + pad.right),
    height: height + (pad === undefined ? 0 : pad.top + pad.bottom),
  }
}

const scaled = (side: number, scale: number): number => Math.max(1, roundHalfEven(side * scale))

/** Python's rounding. */
const roundHalfEven = (value: number): number => {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
