import { permanent } from "@diva-pipeline/core"
import { decodeImage, normalise, randomResizedCrop } from "../../images/index.ts"
import { OPENAI_MEAN, OPENAI_STD } from "../../models/clip/index.ts"
import { RandomStream } from "../../randomness/index.ts"
import type { DivaOptions } from "./options.ts"
import { type Position, type ShuffledImage, shuffledImages } from "./shuffled-samples.ts"

/** Random crops of some images. */
export interface CropBatch {
  /** [count, size, size, 3], normalised with CLIP's mean and deviation. */
  readonly crops: Float32Array
  readonly count: number
  /** Where the next batch starts. */
  readonly next: Position
}

export interface CropOptions extends Pick<DivaOptions, "cropScale" | "cropRatio" | "shuffleBuffer" | "seed"> {
  /** How many images the batches hold, one after another, again and again. */
  readonly counts: ReadonlyArray<number>
  /** Pixels of a side. */
  readonly size: number
  /** Told of each image that could not be decoded and is left out. */
  readonly onBroken: (key: string, reason: string) => void
}

/** Random crops of a data set's images, without end; the next batch is read while the last one is used. */
export const cropBatches = (
  source: string,
  options: CropOptions,
  from: Position,
): AsyncGenerator<CropBatch> => oneAhead(batches(source, options, from))

async function* batches(source: string, options: CropOptions, from: Position): AsyncGenerator<CropBatch> {
  const images = shuffledImages(source, { buffer: options.shuffleBuffer, seed: options.seed }, from)
  let lastGood = from.epoch
  try {
    for (let turn = 0; ; turn++) {
      const count = options.counts[turn % options.counts.length] ?? 1
      const good: Array<Float32Array> = []
      let next = from
      while (good.length < count) {
        const taken = await take(images, count - good.length)
        for (const { image, crop } of await Promise.all(taken.map((image) => croppedImage(image, options)))) {
          next = { epoch: image.epoch, taken: image.taken + 1 }
          if (crop === undefined && image.epoch > lastGood + 1) throw allBroken(source)
          if (crop === undefined) continue
          good.push(crop)
          lastGood = image.epoch
        }
      }
      yield { crops: joined(good), count, next }
    }
  } finally {
    await images.return()
  }
}

const joined = (parts: ReadonlyArray<Float32Array>): Float32Array => {
  const each = parts[0]?.length ?? 0
  const whole = new Float32Array(parts.length * each)
  for (const [index, part] of parts.entries()) whole.set(part, index * each)
  return whole
}

const allBroken = (source: string) =>
  permanent("no image of the data set can be decoded", {
    file: source,
    hint: "the attempt's log names the images and what is wrong with each",
  })

const take = async (images: AsyncGenerator<ShuffledImage>, count: number) => {
  const taken: Array<ShuffledImage> = []
  while (taken.length < count) {
    const { value, done } = await images.next()
    if (done === true) break
    taken.push(value)
  }
  return taken
}

const croppedImage = async (image: ShuffledImage, options: CropOptions) => {
  const { size, cropScale: scale, cropRatio: ratio, seed } = options
  try {
    const raster = await decodeImage(image.bytes)
    const stream = RandomStream.named(seed, "train/diva", "crop", image.epoch, image.taken)
    const crop = randomResizedCrop(raster, stream, { size, scale, ratio })
    return { image, crop: normalise(crop, OPENAI_MEAN, OPENAI_STD) }
  } catch (error) {
    options.onBroken(image.key, error instanceof Error ? error.message : String(error))
    return { image, crop: undefined }
  }
}

async function* oneAhead<A>(items: AsyncGenerator<A>): AsyncGenerator<A> {
  try {
    let coming = items.next()
    for (;;) {
      const { value, done } = await coming
      if (done === true) return
      coming = items.next()
      // Reported when its turn comes, if it ever does.
      coming.catch(() => undefined)
      yield value
    }
  } finally {
    await items.return(undefined)
  }
}
