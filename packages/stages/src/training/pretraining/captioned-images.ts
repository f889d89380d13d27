import { permanent } from "@diva-pipeline/core"
import { imageOf, readSamples, type Sample, textOf } from "../../formats/index.ts"
import { decodeImage, preprocessForClip } from "../../images/index.ts"

/** What all images together may take: they are held in memory, as training visits them in random order. */
const MEMORY_LIMIT = 6 * 1024 ** 3

/** Images of one size in memory, each with a caption. */
export interface CaptionedImages {
  /** Pixels of a side. */
  readonly size: number
  /** RGB, 8 bits each, row by row. */
  readonly images: ReadonlyArray<Uint8Array>
  readonly captions: ReadonlyArray<string>
}

/** What of a data set is read. */
export interface CaptionedImagesOptions {
  /** Pixels of a side; other images are resized by their shortest side and cropped at the centre. */
  readonly size: number
  /** `txt`, or a key of a sample's `.json`; samples that lack it are captioned by their `.txt`. */
  readonly caption: string
}

/**
 * Reads captioned images in the order of the sources and of the samples in them.
 *
 * @throws StageFailure (permanent) naming the sample that has no image, no caption or a damaged image
 */
export const loadCaptionedImages = async (
  sources: ReadonlyArray<string>,
  { size, caption }: CaptionedImagesOptions,
): Promise<CaptionedImages> => {
  const images: Array<Uint8Array> = []
  const captions: Array<string> = []
  const most = Math.floor(MEMORY_LIMIT / (3 * size ** 2))
  for (const source of sources) {
    for await (const sample of readSamples(source)) {
      if (images.length === most) throw tooMany(source, most, size)
      captions.push(captionOf(sample, caption, source))
      images.push(await pixelsOf(sample, size, source))
    }
  }
  if (images.length === 0)
    throw permanent("there is no image to train on", { hint: "Check the input `data`." })
  return { size, images, captions }
}

/** Pixels as a model takes them: `[batch, size, size, 3]`, (value / 255 − mean) / std per channel. */
export const normalisedBatch = (
  { size, images }: CaptionedImages,
  indices: ArrayLike<number>,
  mean: ReadonlyArray<number>,
  std: ReadonlyArray<number>,
): Float32Array => {
  const each = 3 * size ** 2
  const batch = new Float32Array(indices.length * each)
  const tables = [0, 1, 2].map((channel) =>
    Float32Array.from(
      { length: 256 },
      (_, value) => (value / 255 - (mean[channel] ?? 0)) / (std[channel] ?? 1),
    ),
  )
  for (let image = 0; image < indices.length; image++) {
    const pixels = images[indices[image] ?? 0] ?? new Uint8Array(each)
    for (let channel = 0; channel < 3; channel++) {
      const table = tables[channel] ?? new Float32Array(256)
      for (let at = channel; at < each; at += 3) batch[image * each + at] = table[pixels[at] ?? 0] ?? 0
    }
  }
  return batch
}

const pixelsOf = async (sample: Sample, size: number, source: string): Promise<Uint8Array> => {
  const bytes = imageOf(sample)
  if (bytes === undefined) throw without(sample, "image", source)
  const raster = await decodeImage(bytes).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw permanent(`the image of sample ${sample.key} can't be read: ${reason}`, { file: source })
  })
  if (raster.width === size && raster.height === size) return raster.data
  const shares = preprocessForClip(raster, { size, mean: [0, 0, 0], std: [1, 1, 1], mode: "shortest" })
  return Uint8Array.from(shares, (share) => Math.round(255 * share))
}

const captionOf = (sample: Sample, key: string, source: string): string => {
  const caption = (key === "txt" ? undefined : jsonText(sample, key, source)) ?? textOf(sample, "txt")
  if (caption === undefined) throw without(sample, "caption (.txt)", source)
  return caption.trim()
}

const jsonText = (sample: Sample, key: string, source: string): string | undefined => {
  const text = textOf(sample, "json")
  if (text === undefined) return undefined
  const value = parsed(text, sample, source)
  if (typeof value !== "object" || value === null) return undefined
  const found: unknown = Object.getOwnPropertyDescriptor(value, key)?.value
  return typeof found === "string" && found !== "" ? found : undefined
}

const parsed = (text: string, sample: Sample, source: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw permanent(`the .json of sample ${sample.key} is not JSON`, { file: source })
  }
}

const without = (sample: Sample, what: string, source: string) =>
  permanent(`sample ${sample.key} has no ${what}`, {
    file: source,
    hint: "Every sample needs an image (.png, .jpg, .webp …) and a caption (.txt).",
  })

const tooMany = (source: string, most: number, size: number) =>
  permanent(`more than ${most} images of ${size}×${size} pixels don't fit into memory`, {
    file: source,
    hint: "Name fewer shards, or choose a smaller image-size.",
  })
