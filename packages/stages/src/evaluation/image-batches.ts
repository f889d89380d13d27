import { permanent, type StageFailure } from "@diva-pipeline/core"
import { prepareImage } from "../images/index.ts"
import type { ClipModel } from "../models/clip/index.ts"

/** An encoded image under the name that errors and draws use. */
export interface NamedImage {
  readonly key: string
  readonly image: Uint8Array
}

/** Images ready for the model, in the order in which they came. */
export interface ImageBatch {
  readonly keys: ReadonlyArray<string>
  /** `[batch, size, size, 3]`, normalised as the model's folder says. */
  readonly pixels: Float32Array
}

/** Decodes and prepares images, batch by batch; while one batch is used the next is prepared. */
export async function* imageBatches(
  images: AsyncIterable<NamedImage> | Iterable<NamedImage>,
  preprocess: ClipModel["preprocess"],
  size: number,
): AsyncGenerator<ImageBatch> {
  const prepared = prepareBatches(images, preprocess, size)
  let next = prepared.next()
  for (;;) {
    const { done, value } = await next
    if (done === true) return
    next = prepared.next()
    // Whoever stops early never awaits the batch ahead: its failure must not be an unhandled one.
    next.catch(() => undefined)
    yield value
  }
}

async function* prepareBatches(
  images: AsyncIterable<NamedImage> | Iterable<NamedImage>,
  preprocess: ClipModel["preprocess"],
  size: number,
): AsyncGenerator<ImageBatch> {
  let waiting: Array<NamedImage> = []
  for await (const image of images) {
    waiting.push(image)
    if (waiting.length < size) continue
    yield await prepare(waiting, preprocess)
    waiting = []
  }
  if (waiting.length > 0) yield await prepare(waiting, preprocess)
}

const prepare = async (
  images: ReadonlyArray<NamedImage>,
  preprocess: ClipModel["preprocess"],
): Promise<ImageBatch> => {
  const each = preprocess.size ** 2 * 3
  const pixels = new Float32Array(images.length * each)
  await Promise.all(
    images.map(async ({ key, image }, index) => {
      const part = pixels.subarray(index * each, (index + 1) * each)
      await prepareImage(image, preprocess, part).catch((error: unknown) => {
        throw unreadable(key, error)
      })
    }),
  )
  return { keys: images.map(({ key }) => key), pixels }
}

const unreadable = (key: string, error: unknown): StageFailure => {
  const reason = error instanceof Error ? error.message : String(error)
  return permanent(`the image of sample ${key} can't be read: ${reason}`, {
    hint: "the benchmark's archive may be damaged: fetch it again",
  })
}
