import { permanent } from "@diva-pipeline/core"
import { RandomStream } from "../../../randomness/index.ts"
import { type EncodedImage, encodedImages } from "./encoded-images.ts"

/** How far into the endless stream of images a training is. */
export interface Position {
  /** Times that all images were gone through. */
  readonly epoch: number
  /** Images of this epoch that were taken. */
  readonly taken: number
}

export const START: Position = { epoch: 0, taken: 0 }

/** An encoded image and its place in the stream. */
export interface ShuffledImage extends Position, EncodedImage {}

interface ShuffleOptions {
  /** Images among which the next one is drawn. */
  readonly buffer: number
  readonly seed: number
}

/**
 * The images of a data set without end: each epoch in another order, by webdataset's rule (a buffer is filled; each
 * image leaves it at random as the next comes in). The order depends on the seed and the epoch alone.
 *
 * @param from the place of the first image to yield
 */
export async function* shuffledImages(
  source: string,
  { buffer, seed }: ShuffleOptions,
  from: Position,
): AsyncGenerator<ShuffledImage, void> {
  for (let epoch = from.epoch; ; epoch++) {
    const order = RandomStream.named(seed, "train/diva", "shuffle", epoch)
    let taken = 0
    for await (const image of throughBuffer(encodedImages(source), buffer, order)) {
      const place = { epoch, taken: taken++ }
      if (epoch > from.epoch || place.taken >= from.taken) yield { ...image, ...place }
    }
    if (taken === 0) {
      throw permanent("the data set holds no image", {
        file: source,
        hint: "give webdataset shards with jpg, png or webp files, a folder of such files, or parquet files with them",
      })
    }
  }
}

/** Shuffles a sequence that need not fit in memory; nothing is lost and nothing comes twice. */
export async function* throughBuffer<A>(
  items: AsyncIterable<A>,
  size: number,
  order: RandomStream,
): AsyncGenerator<A> {
  const waiting: Array<A> = []
  for await (const item of items) {
    waiting.push(item)
    if (waiting.length > size) yield takeOne(waiting, order)
  }
  while (waiting.length > 0) yield takeOne(waiting, order)
}

const takeOne = <A>(waiting: Array<A>, order: RandomStream): A => {
  const index = order.integer(waiting.length)
  const [taken] = waiting.splice(index, 1, ...waiting.slice(-1))
  waiting.pop()
  if (taken === undefined) throw new RangeError("nothing waits")
  return taken
}
