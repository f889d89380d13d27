import type { NamedImage } from "./preparing-threads.ts"

/** Images ready for the model, in the order in which they came. */
export interface ImageBatch {
  readonly keys: ReadonlyArray<string>
  /** `[batch, size, size, 3]`, normalised as the model's folder says. */
  readonly pixels: Float32Array
}

/** What makes pixels of an image. */
export type Prepare = (image: NamedImage) => Promise<Float32Array>

/** Batches that are under way while one is used. */
const AHEAD = 2

/** Prepares images batch by batch, some batches ahead of their use. */
export async function* imageBatches(
  images: AsyncIterable<NamedImage> | Iterable<NamedImage>,
  prepare: Prepare,
  size: number,
): AsyncGenerator<ImageBatch> {
  const underWay: Array<Promise<ImageBatch>> = []
  for await (const some of inGroups(images, size)) {
    const batch = prepareAll(some, prepare)
    // Whoever stops early never awaits the batches ahead: their failures must not be unhandled ones.
    batch.catch(() => undefined)
    underWay.push(batch)
    const next = underWay.length > AHEAD ? underWay.shift() : undefined
    if (next !== undefined) yield await next
  }
  for (const batch of underWay) yield await batch
}

async function* inGroups<A>(
  all: AsyncIterable<A> | Iterable<A>,
  size: number,
): AsyncGenerator<ReadonlyArray<A>> {
  let group: Array<A> = []
  for await (const one of all) {
    group.push(one)
    if (group.length < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

const prepareAll = async (images: ReadonlyArray<NamedImage>, prepare: Prepare): Promise<ImageBatch> => {
  const each = await Promise.all(images.map(prepare))
  const pixels = new Float32Array(each.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const one of each) {
    pixels.set(one, at)
    at += one.length
  }
  return { keys: images.map(({ key }) => key), pixels }
}
