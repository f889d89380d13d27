import { permanent } from "@diva-pipeline/core"
import type { Cropped } from "./crop-image.ts"
import { type Position, type ShuffledImage, shuffledImages } from "./shuffled-images.ts"

/** Random crops of some images. */
export interface CropBatch {
  /** [count, size, size, 3], normalised with CLIP's mean and deviation. */
  readonly crops: Float32Array<ArrayBuffer>
  readonly count: number
  /** The images' numbers in the order of the data set. */
  readonly ordinals: ReadonlyArray<number>
  /** Where the next batch starts. */
  readonly next: Position
}

export interface BatchOptions {
  readonly shuffleBuffer: number
  /** Of the order of the images. */
  readonly seed: number
  /** How many images the batches hold, one after another, again and again. */
  readonly counts: ReadonlyArray<number>
}

/**
 * Crops of a data set's images, without end. Images that cannot be decoded are left out, and the next ones take their
 * places.
 *
 * @param crop makes the crop of an image, side by side for the images of a batch
 * @param onBroken told of each image that is left out
 */
export async function* cropBatches(
  source: string,
  { shuffleBuffer, seed, counts }: BatchOptions,
  from: Position,
  crop: (image: ShuffledImage) => Promise<Cropped>,
  onBroken: (key: string, reason: string) => void,
): AsyncGenerator<CropBatch, void> {
  const images = shuffledImages(source, { buffer: shuffleBuffer, seed }, from)
  let lastGood = from.epoch
  try {
    for (let turn = 0; ; turn++) {
      const count = counts[turn % counts.length] ?? 1
      const good: Array<{ readonly crop: Float32Array; readonly ordinal: number }> = []
      let next = from
      while (good.length < count) {
        const taken = await take(images, count - good.length)
        const cropped = taken.map(async (image) => ({ image, result: await crop(image) }))
        for (const { image, result } of await Promise.all(cropped)) {
          next = { epoch: image.epoch, taken: image.taken + 1 }
          if ("crop" in result) {
            good.push({ crop: result.crop, ordinal: image.ordinal })
            lastGood = image.epoch
            continue
          }
          onBroken(image.key, result.broken)
          if (image.epoch > lastGood + 1) throw allBroken(source)
        }
      }
      const ordinals = good.map(({ ordinal }) => ordinal)
      yield { crops: joined(good.map((one) => one.crop)), count, ordinals, next }
    }
  } finally {
    await images.return()
  }
}

/** Crops one after another. */
export const joined = (parts: ReadonlyArray<Float32Array>): Float32Array<ArrayBuffer> => {
  const each = parts[0]?.length ?? 0
  const whole = new Float32Array(parts.length * each)
  for (const [index, part] of parts.entries()) whole.set(part, index * each)
  return whole
}

/** The failure of a data set without a single image that can be decoded. */
export const allBroken = (source: string) =>
  permanent("no image of the data set can be decoded", {
    file: source,
    hint: "the attempt's log names the images and what is wrong with each",
  })

const take = async (images: AsyncGenerator<ShuffledImage, void>, count: number) => {
  const taken: Array<ShuffledImage> = []
  while (taken.length < count) {
    const { value, done } = await images.next()
    if (done === true) break
    taken.push(value)
  }
  return taken
}
