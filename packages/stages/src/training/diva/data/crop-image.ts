import { decodeImage, normalise, randomResizedCrop } from "../../../images/index.ts"
import { RandomStream } from "../../../randomness/index.ts"
import type { CropRule } from "../options.ts"
import type { ShuffledImage } from "./shuffled-images.ts"

export interface CropOptions {
  readonly rule: CropRule
  /** Pixels of a side. */
  readonly size: number
  /** What it is normalised with: of red, green and blue. */
  readonly mean: ReadonlyArray<number>
  readonly std: ReadonlyArray<number>
}

/** A crop [size, size, 3], normalised; or what is wrong with the image. */
export type Cropped = { readonly crop: Float32Array<ArrayBuffer> } | { readonly broken: string }

/** The crop of an image: it depends on the image's place in the data, or on the image alone where crops are fixed. */
export const cropImage = async (
  { bytes, epoch, taken, ordinal }: Omit<ShuffledImage, "key">,
  { rule, size, mean, std }: CropOptions,
): Promise<Cropped> => {
  const { kind, seed, scale, ratio } = rule
  const name = kind === "fixed" ? ["fixed-crop", ordinal] : ["crop", epoch, taken]
  try {
    const raster = await decodeImage(bytes)
    const stream = RandomStream.named(seed, "train/diva", ...name)
    return { crop: normalise(randomResizedCrop(raster, stream, { size, scale, ratio }), mean, std) }
  } catch (error) {
    return { broken: error instanceof Error ? error.message : String(error) }
  }
}
