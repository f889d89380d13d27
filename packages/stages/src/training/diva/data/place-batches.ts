import { allBroken, type CropBatch, joined } from "./crop-batches.ts"
import type { Cropped } from "./crop-image.ts"
import { type Position, type ShuffledImage, shuffledImages } from "./shuffled-images.ts"

export interface PlaceOptions {
  /** Images of a batch; the last one of an epoch may hold fewer. */
  readonly places: number
  /** Pixels of a side of the crops. */
  readonly size: number
}

/**
 * Crops of a data set's images in its order, without end. Those that cannot be decoded are black, so that what is in a batch
 * follows from its place alone, and no batch goes on into the next epoch.
 *
 * @param from where a batch starts
 */
export async function* placeBatches(
  source: string,
  { places, size }: PlaceOptions,
  from: Position,
  crop: (image: ShuffledImage) => Promise<Cropped>,
  onBroken: (key: string, reason: string) => void,
): AsyncGenerator<CropBatch, void> {
  const images = shuffledImages(source, { buffer: 0, seed: 0 }, from)
  let isAnyGood = from.taken > 0
  let waiting: Array<{ readonly image: ShuffledImage; readonly result: Promise<Cropped> }> = []
  try {
    for await (const image of images) {
      const isNextEpoch = waiting[0] !== undefined && waiting[0].image.epoch !== image.epoch
      if (waiting.length === places || isNextEpoch) {
        const crops: Array<Float32Array> = []
        for (const { image: one, result } of waiting) {
          const cropped = await result
          if ("broken" in cropped) onBroken(one.key, cropped.broken)
          else isAnyGood = true
          crops.push("crop" in cropped ? cropped.crop : new Float32Array(3 * size ** 2))
        }
        if (isNextEpoch && !isAnyGood) throw allBroken(source)
        yield {
          crops: joined(crops),
          count: crops.length,
          ordinals: waiting.map(({ image: one }) => one.ordinal),
          next: { epoch: image.epoch, taken: image.taken },
        }
        waiting = []
      }
      waiting.push({ image, result: crop(image) })
    }
  } finally {
    await images.return()
  }
}
