import type { Raster } from "./raster.ts"

/**
 * An image as its file has it, by the names that Pillow gives the modes. What is done to it before it becomes RGB
 * depends on them: open_clip resizes first and converts then.
 *
 * - `P`: colours of a palette, or black and white, already as RGB. Colours between them are never made.
 * - `RGBA`: `4 × width × height` values; greys with transparency too.
 * - `CMYK`: `4 × width × height` values, 255 being full ink.
 * - `I;16`: greys, `width × height` values of 16 bits.
 */
export type Picture = Raster | Pixels<"P" | "RGBA" | "CMYK", Uint8Array> | Pixels<"I;16", Uint16Array>

interface Pixels<Mode, Data> {
  readonly mode: Mode
  readonly width: number
  readonly height: number
  readonly data: Data
}

/**
 * A picture as Pillow's `convert("RGB")` makes it: transparency is dropped rather than blended, inks are mixed without
 * a colour profile, and greys of 16 bits are clipped to 255.
 */
export const toRgb = (picture: Picture): Raster => {
  const { width, height } = picture
  return { width, height, data: rgbOf(picture) }
}

const rgbOf = (picture: Picture): Uint8Array => {
  switch (picture.mode) {
    case "RGBA":
      return withoutAlpha(picture.data)
    case "CMYK":
      return mixed(picture.data)
    case "I;16":
      return clipped(picture.data)
    default:
      return picture.data
  }
}

const withoutAlpha = (pixels: Uint8Array): Uint8Array => {
  const data = new Uint8Array((pixels.length / 4) * 3)
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = pixels[from] ?? 0
    data[to + 1] = pixels[from + 1] ?? 0
    data[to + 2] = pixels[from + 2] ?? 0
  }
  return data
}

/** Each ink darkens what black leaves. */
const mixed = (inks: Uint8Array): Uint8Array => {
  const data = new Uint8Array((inks.length / 4) * 3)
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    const light = 255 - (inks[from + 3] ?? 0)
    for (let channel = 0; channel < 3; channel++)
      data[to + channel] = Math.max(0, light - divide255((inks[from + channel] ?? 0) * light))
  }
  return data
}

const clipped = (levels: Uint16Array): Uint8Array => {
  const data = new Uint8Array(3 * levels.length)
  for (let pixel = 0; pixel < levels.length; pixel++)
    data.fill(Math.min(255, levels[pixel] ?? 0), 3 * pixel, 3 * pixel + 3)
  return data
}

/** Colours multiplied by their opacity, as Pillow resizes them. */
export const premultiplied = (pixels: Uint8Array): Uint8Array => {
  const data = new Uint8Array(pixels.length)
  for (let at = 0; at < data.length; at += 4) {
    const alpha = pixels[at + 3] ?? 0
    for (let channel = 0; channel < 3; channel++)
      data[at + channel] = divide255((pixels[at + channel] ?? 0) * alpha)
    data[at + 3] = alpha
  }
  return data
}

/** The colours again; where nothing can be seen they stay as they are. */
export const unmultiplied = (pixels: Uint8Array): Uint8Array => {
  const data = Uint8Array.from(pixels)
  for (let at = 0; at < data.length; at += 4) {
    const alpha = pixels[at + 3] ?? 0
    if (alpha === 0 || alpha === 255) continue
    for (let channel = 0; channel < 3; channel++)
      data[at + channel] = Math.min(255, Math.floor((255 * (pixels[at + channel] ?? 0)) / alpha))
  }
  return data
}

/** Division by 255, rounded, as Pillow's MULDIV255 does it. */
const divide255 = (product: number): number => {
  const shifted = product + 128
  return ((shifted >> 8) + shifted) >> 8
}
