import type { Metadata, Sharp } from "sharp"
import type { Raster } from "./raster.ts"

/** Pillow's bound against decompression bombs. */
const MAXIMUM_PIXELS = 178_956_970

/** Formats of pictures. Others that the decoder knows are documents, whose look depends on the machine. */
const FORMATS: ReadonlyArray<string> = [
  "jpeg",
  "png",
  "webp",
  "gif",
  "tiff",
  "heif",
  "avif",
  "jp2",
  "jxl",
  "ppm",
]

/** An image that cannot be used, with the reason in the message. */
export class UnreadableImage extends Error {
  override readonly name = "UnreadableImage"
}

/**
 * Decodes an image file as Pillow's `convert("RGB")` does, so that models see what they saw in the reference: an
 * EXIF orientation is not applied, transparency is dropped rather than blended, greys become RGB, CMYK is converted
 * without a colour profile, greys of 16 bits are clipped to 255, and of an animation the first frame is taken.
 *
 * @throws UnreadableImage when the bytes are no image, a damaged one, or one of more than 179 million pixels
 */
export const decodeImage = async (bytes: Uint8Array): Promise<Raster> => {
  const { default: sharp } = await import("sharp")
  try {
    const image = sharp(bytes, { failOn: "error", limitInputPixels: MAXIMUM_PIXELS })
    const metadata = await image.metadata()
    if (!FORMATS.includes(metadata.format ?? ""))
      throw new UnreadableImage(`it is of format ${metadata.format}`)
    return await rasterOf(image, metadata)
  } catch (cause) {
    throw cause instanceof UnreadableImage ? cause : new UnreadableImage(messageOf(cause), { cause })
  }
}

const rasterOf = async (image: Sharp, { space, channels, depth }: Metadata): Promise<Raster> => {
  if (space === "cmyk" && channels === 4)
    return fromCmyk(await rawOf(image.pipelineColourspace("cmyk"), "cmyk"))
  if (space === "grey16" && channels === 1 && depth === "ushort")
    return fromGrey16(await rawOf(image.pipelineColourspace("grey16"), "grey16", "ushort"))
  return rawOf(image.removeAlpha(), "srgb")
}

const rawOf = async (image: Sharp, space: string, depth: "uchar" | "ushort" = "uchar"): Promise<Raster> => {
  const raw = image.toColourspace(space).raw({ depth })
  const { data, info } = await raw.toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

/** Pillow's conversion: each ink darkens what black leaves. */
const fromCmyk = ({ width, height, data: inks }: Raster): Raster => {
  const data = new Uint8Array(3 * width * height)
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    const light = 255 - (inks[from + 3] ?? 0)
    for (let channel = 0; channel < 3; channel++)
      data[to + channel] = Math.max(0, light - divide255((inks[from + channel] ?? 0) * light))
  }
  return { width, height, data }
}

/** Division by 255, rounded, as Pillow's MULDIV255 does it. */
const divide255 = (product: number): number => {
  const shifted = product + 128
  return ((shifted >> 8) + shifted) >> 8
}

const fromGrey16 = ({ width, height, data: bytes }: Raster): Raster => {
  const levels = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const data = new Uint8Array(3 * width * height)
  for (let pixel = 0; pixel < width * height; pixel++)
    data.fill(Math.min(255, levels.getUint16(2 * pixel, true)), 3 * pixel, 3 * pixel + 3)
  return { width, height, data }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
