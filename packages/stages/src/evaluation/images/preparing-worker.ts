// A thread that makes pixels for a model of encoded images.
import { parentPort, workerData } from "node:worker_threads"
import { type Preprocessing, prepareImage } from "../../images/index.ts"

/** An image to prepare. */
export interface PreparingTask {
  readonly id: number
  readonly image: Uint8Array
}

/** Its pixels, or why there are none. */
export type PreparedImage =
  | { readonly id: number; readonly pixels: Float32Array<ArrayBuffer> }
  | { readonly id: number; readonly problem: string }

/** What ends the thread once it has done what it was given. */
export const CLOSE = "close"

const how: Preprocessing = workerData
let turn: Promise<unknown> = Promise.resolve()

parentPort?.on("message", (task: PreparingTask | typeof CLOSE) => {
  // Ending a thread from outside while native code runs would end the whole process.
  turn = turn.then(() => (task === CLOSE ? parentPort?.close() : prepare(task)))
})

const prepare = async ({ id, image }: PreparingTask): Promise<void> => {
  try {
    const pixels = await prepareImage(image, how)
    const answer: PreparedImage = { id, pixels }
    parentPort?.postMessage(answer, [pixels.buffer])
  } catch (error) {
    const answer: PreparedImage = { id, problem: error instanceof Error ? error.message : String(error) }
    parentPort?.postMessage(answer)
  }
}
