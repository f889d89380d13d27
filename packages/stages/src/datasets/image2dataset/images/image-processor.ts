import { createHash } from "node:crypto"
import type sharp from "sharp"
import type { Sharp, SharpOptions } from "sharp"
import type { InterpolationName } from "../../../image2dataset-names.ts"
import { encodeQuality, type ImageOptions } from "../image-options.ts"
import { type Box, blurBoxes } from "./blur.ts"
import { readExif } from "./exif.ts"
import { type Fitting, fittedSize, fitting, type Size } from "./geometry.ts"
import { type ImageType, imageType } from "./image-type.ts"
import { type JpegTurbo, openJpegTurbo } from "./jpeg-turbo.ts"
import { type Pixels, Resampler } from "./resampler.ts"
import type { Interpolation } from "./taps.ts"

/** Downloaded bytes, and what else is known of the image. */
export interface ImageTask {
  readonly bytes: Uint8Array
  /** What its hash must be. */
  readonly expectedHash: string | undefined
  /** What is blurred. */
  readonly boxes: ReadonlyArray<Box> | undefined
}

/** An image as it goes into a shard; sizes are unknown where nothing was decoded. */
export interface ProcessedImage {
  readonly bytes: Uint8Array
  readonly size: Size | undefined
  readonly original: Size | undefined
  /** The image's EXIF tags as JSON. */
  readonly exif: string | null
  readonly hash: string | null
}

/** Why bytes have not become an image. */
export interface ImageProblem {
  readonly status: "failed_to_download" | "failed_to_resize"
  readonly problem: string
}

/** Images that claim more pixels are not decoded: a few kilobytes can unfold to any size. */
const MOST_PIXELS = 100_000_000

/** Harmless warnings are passed over, as by OpenCV; damage isn't. */
const DECODING: SharpOptions = {
  failOn: "error",
  limitInputPixels: MOST_PIXELS,
  autoOrient: false,
  pages: 1,
  ignoreIcc: true,
}
const WHITE = { r: 255, g: 255, b: 255 }
const BROKEN: ImageProblem = { status: "failed_to_resize", problem: "Image decoding error" }

/** Makes downloaded bytes images of the wanted size and format, one at a time. */
export class ImageProcessor {
  readonly #options: ImageOptions
  readonly #turbo: JpegTurbo | undefined
  #resampler: Resampler | undefined
  #sharp: typeof sharp | undefined

  private constructor(options: ImageOptions, turbo: JpegTurbo | undefined) {
    this.#options = options
    this.#turbo = turbo
  }

  static async open(options: ImageOptions): Promise<ImageProcessor> {
    return new ImageProcessor(options, options.disableAllReencoding ? undefined : await openJpegTurbo())
  }

  async process({ bytes, expectedHash, boxes }: ImageTask): Promise<ProcessedImage | ImageProblem> {
    const { computeHash, extractExif, disableAllReencoding } = this.#options
    const hash = computeHash === "none" ? null : createHash(computeHash).update(bytes).digest("hex")
    if (expectedHash !== undefined && hash !== expectedHash)
      return { status: "failed_to_download", problem: "hash mismatch" }
    const type = imageType(bytes)
    const exif = extractExif ? readExif(bytes, type) : null
    if (disableAllReencoding) return { bytes, size: undefined, original: undefined, exif, hash }
    if (type === undefined) return BROKEN
    const made = (type === "jpg" ? this.#ofJpeg(bytes, boxes) : undefined) ?? this.#ofAny(bytes, type, boxes)
    const image = await made
    return "problem" in image ? image : { ...image, exif, hash }
  }

  /** By libjpeg-turbo alone; undefined for what it does not do or finds wrong. */
  #ofJpeg(bytes: Uint8Array, boxes: ImageTask["boxes"]): Promise<MadeImage> | MadeImage | undefined {
    const header = this.#turbo?.header(bytes)
    if (this.#turbo === undefined || header === undefined) return undefined
    const problem = problemOf(header, this.#options)
    if (problem !== undefined) return { status: "failed_to_resize", problem }
    const plan = fitting(header, this.#options)
    if (!this.#turbo.decode(bytes, this.#pixels.reserve(header))) return undefined
    const original = { width: header.width, height: header.height }
    if (this.#isKept("jpg", plan, boxes)) return { bytes, size: original, original }
    return this.#made(original, plan, header.isGrey, boxes)
  }

  /** By sharp, whatever the format. */
  async #ofAny(bytes: Uint8Array, type: ImageType, boxes: ImageTask["boxes"]): Promise<MadeImage> {
    try {
      const open = await this.#loadSharp()
      const about = await open(bytes, DECODING).metadata()
      const original = { width: about.width, height: about.height }
      const problem = problemOf(original, this.#options)
      if (problem !== undefined) return { status: "failed_to_resize", problem }
      const plan = fitting(original, this.#options)
      const isGrey = about.space === "b-w" || about.space === "grey16"
      const { data } = await open(bytes, DECODING)
        .flatten({ background: WHITE })
        .toColourspace("srgb")
        .removeAlpha()
        .raw({ depth: "uchar" })
        .toBuffer({ resolveWithObject: true })
      if (!about.hasAlpha && this.#isKept(type, plan, boxes)) return { bytes, size: original, original }
      this.#pixels.reserve(original).set(data)
      return await this.#made(original, plan, isGrey, boxes)
    } catch {
      return BROKEN
    }
  }

  #isKept(type: ImageType, plan: Fitting, boxes: ImageTask["boxes"]): boolean {
    const { skipReencode, encodeFormat } = this.#options
    return skipReencode && type === encodeFormat && plan.resize === undefined && (boxes?.length ?? 0) === 0
  }

  /** Fits and encodes the image that stands in the resampler. */
  async #made(original: Size, plan: Fitting, isGrey: boolean, boxes: ImageTask["boxes"]): Promise<MadeImage> {
    const interpolation = this.#interpolation(original, plan)
    if (boxes !== undefined && boxes.length > 0) {
      const { crop, pad, ...whole } = plan
      const soft = this.#pixels.fit(original, whole, interpolation)
      blurBoxes(soft, boxes)
      const fitted = this.#pixels.place(soft, crop, pad)
      return { bytes: await this.#encode(fitted, isGrey), size: sizeOf(fitted), original }
    }
    const fitted = this.#pixels.fit(original, plan, interpolation)
    return { bytes: await this.#encode(fitted, isGrey), size: fittedSize(original, plan), original }
  }

  #interpolation(original: Size, { resize }: Fitting): Interpolation {
    const { upscaleInterpolation, downscaleInterpolation } = this.#options
    const isSmaller = resize !== undefined && resize.width * resize.height < original.width * original.height
    return OPENCV_NAMES[isSmaller ? downscaleInterpolation : upscaleInterpolation]
  }

  async #encode({ data, width, height }: Pixels, isGrey: boolean): Promise<Uint8Array> {
    const { encodeFormat } = this.#options
    const quality = encodeQuality(this.#options)
    if (encodeFormat === "jpg" && this.#turbo !== undefined)
      return this.#turbo.encode(data, width, height, quality, isGrey)
    const open = await this.#loadSharp()
    const image: Sharp = open(data, { raw: { width, height, channels: 3 } }).toColourspace(
      isGrey ? "b-w" : "srgb",
    )
    // A copy: sharp's own memory cannot be handed from thread to thread.
    return new Uint8Array(await encoded(image, encodeFormat, quality).toBuffer())
  }

  get #pixels(): Resampler {
    this.#resampler ??= new Resampler()
    return this.#resampler
  }

  async #loadSharp(): Promise<typeof sharp> {
    if (this.#sharp !== undefined) return this.#sharp
    const { default: loaded } = await import("sharp")
    // Every processor has a thread of its own: more would only wait for each other.
    loaded.concurrency(1)
    loaded.cache(false)
    this.#sharp = loaded
    return loaded
  }
}

const encoded = (image: Sharp, format: ImageOptions["encodeFormat"], quality: number): Sharp => {
  if (format === "png") return image.png({ compressionLevel: quality, palette: false })
  if (format === "webp") return image.webp({ quality })
  return image.jpeg({ quality, chromaSubsampling: "4:2:0", optimizeCoding: false })
}

type MadeImage = Pick<ProcessedImage, "bytes" | "size" | "original"> | ImageProblem

const OPENCV_NAMES: Readonly<Record<InterpolationName, Interpolation>> = {
  nearest: "nearest",
  linear: "linear",
  bilinear: "linear",
  cubic: "cubic",
  bicubic: "cubic",
  area: "area",
  lanczos: "lanczos",
  lanczos4: "lanczos",
}

const sizeOf = ({ width, height }: Size): Size => ({ width, height })

const problemOf = ({ width, height }: Size, options: ImageOptions): string | undefined => {
  const shortest = Math.min(width, height)
  if (shortest < options.minImageSize) return "image too small"
  if (width * height > Math.min(options.maxImageArea, MOST_PIXELS)) return "image area too large"
  if (Math.max(width, height) / shortest > options.maxAspectRatio) return "aspect ratio too large"
  return undefined
}
