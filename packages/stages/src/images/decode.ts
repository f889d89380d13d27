import type { Metadata, Sharp } from "sharp"
import { decodeGif } from "./gif.ts"
import { formatOf, readJpegComponents, readPngHeader } from "./image-header.ts"
import { type Picture, toRgb } from "./picture.ts"
import type { Raster } from "./raster.ts"
import { MAXIMUM_PIXELS, UnreadableImage } from "./unreadable-image.ts"

/** Other formats of pictures. What else the decoder knows are documents, whose look depends on the machine. */
const OTHER_FORMATS: ReadonlyArray<string> = ["tiff", "heif", "avif", "jp2", "jxl", "ppm"]

/**
 * Decodes an image file as Pillow's `convert("RGB")` does, so that models see what they saw in the reference: an
 * EXIF orientation is not applied, nor a colour profile; transparency is dropped rather than blended, and of an
 * animation the first frame is taken.
 *
 * @throws UnreadableImage when the bytes are no image, a damaged one, or one of more than 179 million pixels
 */
export const decodeImage = async (bytes: Uint8Array): Promise<Raster> => toRgb(await openImage(bytes))

/**
 * Decodes an image file and leaves it in the mode that Pillow opens it in.
 *
 * @throws UnreadableImage as `decodeImage` does
 */
export const openImage = async (bytes: Uint8Array): Promise<Picture> => {
  try {
    return await OPENERS[formatOf(bytes)](bytes)
  } catch (cause) {
    throw cause instanceof UnreadableImage ? cause : new UnreadableImage(messageOf(cause), { cause })
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const openJpeg = async (bytes: Uint8Array): Promise<Picture> => {
  const image = await load(bytes)
  // As by Pillow, inks are taken for inverted, whether Adobe's segment says so or not.
  return readJpegComponents(bytes) === 4 ? cmyk(image) : rgb(image)
}

const openPng = async (bytes: Uint8Array): Promise<Picture> => {
  const image = await load(bytes)
  const { depth, colour } = readPngHeader(bytes)
  if (colour === GREY && depth === 16) return deep(image)
  if (colour === GREY_ALPHA || colour === RGB_ALPHA) return rgba(image.toColourspace("srgb"), "RGBA")
  const picture = await rgb(image)
  return colour === PALETTE || depth === 1 ? { ...picture, mode: "P" } : picture
}

/** PNG's colour types. */
const GREY = 0
const PALETTE = 3
const GREY_ALPHA = 4
const RGB_ALPHA = 6

const openWebp = async (bytes: Uint8Array): Promise<Picture> => {
  const image = await load(bytes)
  const { hasAlpha } = await image.metadata()
  return hasAlpha ? rgba(image, "RGBA") : rgb(image)
}

const openOther = async (bytes: Uint8Array): Promise<Picture> => {
  const image = await load(bytes)
  const metadata = await image.metadata()
  if (!OTHER_FORMATS.includes(metadata.format ?? ""))
    throw new UnreadableImage(`it is of format ${metadata.format}`)
  return openByMetadata(image, metadata)
}

const openByMetadata = (image: Sharp, { space, channels, depth, hasAlpha }: Metadata): Promise<Picture> => {
  if (space === "cmyk" && channels === 4) return cmyk(image)
  if (space === "grey16" && channels === 1 && depth === "ushort") return deep(image)
  return hasAlpha ? rgba(image.toColourspace("srgb"), "RGBA") : rgb(image)
}

const OPENERS = {
  jpeg: openJpeg,
  png: openPng,
  gif: async (bytes: Uint8Array) => decodeGif(bytes),
  webp: openWebp,
  other: openOther,
}

/**
 * Images are decoded side by side, so each gets one thread: more would only wait for each other. Warnings of damage that
 * doesn't stop the decoder are passed over, as by Pillow.
 */
const load = async (bytes: Uint8Array): Promise<Sharp> => {
  const { default: sharp } = await import("sharp")
  sharp.concurrency(1)
  return sharp(bytes, { failOn: "error", limitInputPixels: MAXIMUM_PIXELS, ignoreIcc: true })
}

const rgb = async (image: Sharp): Promise<Raster> => {
  const { data, info } = await image
    .removeAlpha()
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

const cmyk = (image: Sharp): Promise<Picture> =>
  rgba(image.pipelineColourspace("cmyk").toColourspace("cmyk"), "CMYK")

const rgba = async <Mode extends "RGBA" | "CMYK">(image: Sharp, mode: Mode) => {
  const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true })
  return { mode, width: info.width, height: info.height, data: new Uint8Array(data) }
}

const deep = async (image: Sharp): Promise<Picture> => {
  const raw = image
    .removeAlpha()
    .pipelineColourspace("grey16")
    .toColourspace("grey16")
    .raw({ depth: "ushort" })
  const { data: bytes, info } = await raw.toBuffer({ resolveWithObject: true })
  const levels = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const data = Uint16Array.from({ length: bytes.byteLength / 2 }, (_, at) => levels.getUint16(2 * at, true))
  return { mode: "I;16", width: info.width, height: info.height, data }
}
