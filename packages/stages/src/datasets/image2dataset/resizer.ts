import { availableParallelism } from "node:os"
import { Effect, Semaphore } from "effect"
import type { Sharp, SharpOptions } from "sharp"
import { readExif } from "./exif.ts"
import { fittedSize, fitting, type Size } from "./geometry.ts"
import { type ImageFault, resizeFault } from "./image-fault.ts"
import { type ImageType, imageType } from "./image-type.ts"
import { type DownloadOptions, type EncodeFormat, encodeQuality } from "./options.ts"

/** An image as it goes into a shard; sizes are unknown where nothing was decoded. */
export interface ResizedImage {
  readonly bytes: Uint8Array
  readonly size: Size | undefined
  readonly original: Size | undefined
  /** The image's EXIF tags as JSON. */
  readonly exif: string | null
}

/** Makes downloaded bytes an image of the wanted size and format. */
export type Resizer = (bytes: Uint8Array) => Effect.Effect<ResizedImage, ImageFault>

/** Images that claim more pixels are not decoded: a few kilobytes can unfold to any size. */
const MOST_PIXELS = 100_000_000

const WHITE = { r: 255, g: 255, b: 255 }

/** A resizer that works on as many images at a time as there are cores. */
export const makeResizer = Effect.fnUntraced(function* (options: DownloadOptions) {
  if (options.disableAllReencoding) return (bytes: Uint8Array) => Effect.succeed(untouched(bytes, options))
  const { default: sharp } = yield* Effect.promise(() => import("sharp"))
  const cores = yield* Effect.sync(() => Math.max(1, availableParallelism()))
  const permits = yield* Semaphore.make(cores)
  const open = (bytes: Uint8Array) => sharp(bytes, DECODING)

  const resize = Effect.fnUntraced(function* (bytes: Uint8Array) {
    const type = imageType(bytes)
    if (type === undefined) return yield* resizeFault("Image decoding error")
    const about = yield* decoding(() => open(bytes).metadata())
    const original = { width: about.width, height: about.height }
    const problem = problemOf(original, options)
    if (problem !== undefined) return yield* resizeFault(problem)
    const plan = fitting(original, options)
    const isKept = options.skipReencode && sameFormat(type, options.encodeFormat) && plan.resize === undefined
    const image = fit(open(bytes), plan, about.channels < 3)
    const encoded =
      isKept && !about.hasAlpha
        ? yield* Effect.as(
            decoding(() => open(bytes).stats()),
            bytes,
          )
        : yield* decoding(() => encode(image, options).toBuffer())
    return {
      bytes: encoded,
      size: fittedSize(original, plan),
      original,
      exif: options.extractExif ? readExif(bytes, type) : null,
    }
  })
  return (bytes: Uint8Array): Effect.Effect<ResizedImage, ImageFault> => permits.withPermits(1)(resize(bytes))
})

/** Harmless warnings are passed over, as by OpenCV; damage isn't. */
const DECODING: SharpOptions = { failOn: "error", limitInputPixels: MOST_PIXELS, autoOrient: false, pages: 1 }

const untouched = (bytes: Uint8Array, options: DownloadOptions): ResizedImage => ({
  bytes,
  size: undefined,
  original: undefined,
  exif: options.extractExif ? readExif(bytes, imageType(bytes)) : null,
})

const decoding = <A>(decode: () => Promise<A>): Effect.Effect<A, ImageFault> =>
  Effect.tryPromise({ try: decode, catch: () => resizeFault("Image decoding error") })

const problemOf = ({ width, height }: Size, options: DownloadOptions): string | undefined => {
  const shortest = Math.min(width, height)
  if (shortest < options.minImageSize) return "image too small"
  if (width * height > Math.min(options.maxImageArea, MOST_PIXELS)) return "image area too large"
  if (Math.max(width, height) / shortest > options.maxAspectRatio) return "aspect ratio too large"
  return undefined
}

const sameFormat = (type: ImageType, format: EncodeFormat): boolean => type === format

const fit = (image: Sharp, { resize, crop, pad }: ReturnType<typeof fitting>, isGrey: boolean): Sharp => {
  let fitted = image.flatten({ background: WHITE })
  if (resize !== undefined)
    fitted = fitted.resize({ ...resize, fit: "fill", kernel: "lanczos3", fastShrinkOnLoad: false })
  if (crop !== undefined) fitted = fitted.extract(crop)
  if (pad !== undefined) fitted = fitted.extend({ ...pad, background: WHITE })
  return fitted.toColourspace(isGrey ? "b-w" : "srgb")
}

const encode = (image: Sharp, options: DownloadOptions): Sharp => {
  const quality = encodeQuality(options)
  if (options.encodeFormat === "png") return image.png({ compressionLevel: quality, palette: false })
  if (options.encodeFormat === "webp") return image.webp({ quality })
  return image.jpeg({ quality, chromaSubsampling: "4:2:0", mozjpeg: false })
}
