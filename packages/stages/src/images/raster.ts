/** An image in memory. */
export interface Raster {
  /** What tells it from pictures of other kinds. */
  readonly mode?: "RGB"
  readonly width: number
  readonly height: number
  /** RGB, 8 bits each, row by row: `3 × width × height` values. */
  readonly data: Uint8Array
}

/** A rectangle in an image, in whole pixels. */
export interface CropBox {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A part of an image, copied. It must lie inside the image. */
export const crop = (raster: Raster, left: number, top: number, width: number, height: number): Raster => {
  if (left < 0 || top < 0 || left + width > raster.width || top + height > raster.height)
    throw new RangeError(
      `the crop ${width}×${height} at ${left},${top} leaves the ${raster.width}×${raster.height} image`,
    )
  const data = new Uint8Array(3 * width * height)
  for (let row = 0; row < height; row++) {
    const start = 3 * ((top + row) * raster.width + left)
    data.set(raster.data.subarray(start, start + 3 * width), 3 * width * row)
  }
  return { width, height, data }
}
