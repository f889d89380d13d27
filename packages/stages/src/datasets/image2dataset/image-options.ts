import type { EncodeFormat, HashName, InterpolationName, ResizeMode } from "../../image2dataset-names.ts"

/** What is made of the downloaded bytes. */
export interface ImageOptions {
  /** Side of the images, in pixels. */
  readonly imageSize: number
  readonly resizeMode: ResizeMode
  /** Whether images that are smaller already stay as they are. */
  readonly resizeOnlyIfBigger: boolean
  readonly upscaleInterpolation: InterpolationName
  readonly downscaleInterpolation: InterpolationName
  readonly encodeFormat: EncodeFormat
  /** 1–100 for jpg and webp, the compression level 0–9 for png. */
  readonly encodeQuality: number | undefined
  /** Whether the downloaded bytes are kept where the format fits and nothing was resized. */
  readonly skipReencode: boolean
  /** Whether the downloaded bytes are kept always, without even decoding them. */
  readonly disableAllReencoding: boolean
  readonly extractExif: boolean
  readonly computeHash: HashName
  /** Shortest side, in pixels. */
  readonly minImageSize: number
  /** Width × height, in pixels. */
  readonly maxImageArea: number
  /** Longer side / shorter side. */
  readonly maxAspectRatio: number
}

/** Quality or compression level when the options name none. */
export const encodeQuality = ({ encodeFormat, encodeQuality }: ImageOptions): number =>
  encodeQuality ?? (encodeFormat === "png" ? 6 : 95)
