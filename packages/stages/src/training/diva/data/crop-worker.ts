// A thread that decodes and crops images. It knows nothing of data sets.
import { parentPort, workerData } from "node:worker_threads"
import { type CropOptions, type Cropped, cropImage } from "./crop-image.ts"
import type { ShuffledImage } from "./shuffled-images.ts"

/** What the thread is asked. */
export interface CropTask {
  readonly id: number
  readonly image: Omit<ShuffledImage, "key">
}

/** What it answers. */
export interface CropAnswer {
  readonly id: number
  readonly result: Cropped
}

const options: CropOptions = workerData
let turn: Promise<unknown> = Promise.resolve()

parentPort?.on("message", (task: CropTask | undefined) => {
  // Ending a thread from outside while native code runs would end the whole process.
  if (task === undefined) turn.finally(() => parentPort?.close())
  else turn = turn.then(() => answer(task))
})

const answer = async ({ id, image }: CropTask): Promise<void> => {
  const result = await cropImage(image, options)
  const message: CropAnswer = { id, result }
  parentPort?.postMessage(message, "crop" in result ? [result.crop.buffer] : [])
}
