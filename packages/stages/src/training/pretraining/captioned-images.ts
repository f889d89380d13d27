import { permanent } from "@diva-pipeline/core"
import { imageOf, readSamples, type Sample } from "../../formats/index.ts"
import { decodeImage, preprocessForClip } from "../../images/index.ts"
import { OPENAI_MEAN, OPENAI_STD } from "../../models/clip/index.ts"
import { captionOf } from "./sample-caption.ts"

/** What all images together may take: they are held in memory, as training visits them in random order. */
const MEMORY_LIMIT = 6 * 1024 ** 3

/** Samples that are decoded at the same time. */
const DECODED_TOGETHER = 64

/** Images of one size in memory. */
export interface TrainingImages {
  /** Pixels of a side. */
  readonly size: number
  /** RGB, 8 bits each, row by row. */
  readonly images: ReadonlyArray<Uint8Array>
}

/** Images with a caption each. */
export interface CaptionedImages extends TrainingImages {
  readonly captions: ReadonlyArray<string>
}

/** What pixels in 0…1 are shifted and divided by, for each colour. */
export interface Normalising {
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
}

/** Pixels as CLIP takes them. */
export const CLIP_NORMALISING: Normalising = { mean: OPENAI_MEAN, std: OPENAI_STD }

/** Pixels in −1…1, as the autoencoder takes them. */
export const SIGNED_UNIT: Normalising = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }

/**
 * Reads images in the order of the sources and of the samples in them. Images of another size are resized by their
 * shortest side and cropped at the centre.
 *
 * @throws StageFailure (permanent) naming the sample that has no image or a damaged one
 */
export const loadImages = async (sources: ReadonlyArray<string>, size: number): Promise<TrainingImages> => {
  const images: Array<Uint8Array> = []
  for await (const { pixels } of decodedSamples(sources, size)) images.push(pixels)
  return { size, images }
}

/**
 * Reads images and their captions.
 *
 * @param caption `txt`, or a key of a sample's `.json`; samples that lack it are captioned by their `.txt`
 * @throws StageFailure (permanent) naming the sample that has no image, no caption or a damaged image
 */
export const loadCaptionedImages = async (
  sources: ReadonlyArray<string>,
  size: number,
  caption: string,
): Promise<CaptionedImages> => {
  const images: Array<Uint8Array> = []
  const captions: Array<string> = []
  for await (const { pixels, sample, source } of decodedSamples(sources, size)) {
    images.push(pixels)
    captions.push(captionOf(sample, caption, source))
  }
  return { size, images, captions }
}

/** Pixels of the chosen images, `[batch, size, size, 3]` row by row: (value / 255 − mean) / std. */
export const normalisedBatch = (
  { size, images }: TrainingImages,
  indices: ArrayLike<number>,
  { mean, std }: Normalising,
): Float32Array => {
  const each = 3 * size ** 2
  const batch = new Float32Array(indices.length * each)
  for (const channel of [0, 1, 2] as const) {
    const table = Float32Array.from(
      { length: 256 },
      (_, value) => (value / 255 - mean[channel]) / std[channel],
    )
    for (let image = 0; image < indices.length; image++) {
      const pixels = images[indices[image] ?? 0] ?? new Uint8Array(each)
      const start = image * each
      for (let at = channel; at < each; at += 3) batch[start + at] = table[pixels[at] ?? 0] ?? 0
    }
  }
  return batch
}

interface Decoded {
  readonly pixels: Uint8Array
  readonly sample: Sample
  readonly source: string
}

async function* decodedSamples(sources: ReadonlyArray<string>, size: number): AsyncGenerator<Decoded> {
  const most = Math.floor(MEMORY_LIMIT / (3 * size ** 2))
  let count = 0
  for (const source of sources) {
    let waiting: Array<Promise<Decoded>> = []
    for await (const sample of readSamples(source)) {
      if (++count > most) throw tooMany(source, most, size)
      waiting.push(pixelsOf(sample, size, source).then((pixels) => ({ pixels, sample, source })))
      if (waiting.length < DECODED_TOGETHER) continue
      yield* await Promise.all(waiting)
      waiting = []
    }
    yield* await Promise.all(waiting)
  }
  if (count === 0) throw permanent("there is no image to train on", { hint: "check the input `data`" })
}

const pixelsOf = async (sample: Sample, size: number, source: string): Promise<Uint8Array> => {
  const bytes = imageOf(sample)
  if (bytes === undefined) {
    throw permanent(`sample ${sample.key} has no image`, {
      file: source,
      hint: "every sample needs an image (.png, .jpg, .webp …)",
    })
  }
  const raster = await decodeImage(bytes).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw permanent(`the image of sample ${sample.key} can't be read: ${reason}`, { file: source })
  })
  if (raster.width === size && raster.height === size) return raster.data
  const shares = preprocessForClip(raster, { size, mean: [0, 0, 0], std: [1, 1, 1], mode: "shortest" })
  return Uint8Array.from(shares, (share) => Math.round(255 * share))
}

const tooMany = (source: string, most: number, size: number) =>
  permanent(`more than ${most} images of ${size}×${size} pixels don't fit into memory`, {
    file: source,
    hint: "name fewer shards, or choose a smaller image-size",
  })
