// A thread that makes images of downloaded bytes. It knows nothing of lists, networks and shards.
import { getPriority, setPriority } from "node:os"
import { parentPort, workerData } from "node:worker_threads"
import type { ImageOptions } from "../image-options.ts"
import { CLOSE } from "./image-close.ts"
import { type ImageProblem, ImageProcessor, type ImageTask, type ProcessedImage } from "./image-processor.ts"

/** What the thread is asked. */
export interface WorkerTask {
  readonly id: number
  readonly task: ImageTask
}

/** What it answers. */
export interface WorkerResult {
  readonly id: number
  readonly result: ProcessedImage | ImageProblem
}

/** Steps by which this thread stands back for the one that downloads: on two cores, that one then has one of them. */
const NICER = 3
const NICEST = 19

// Linux alone has priorities of threads; elsewhere it would be the whole process's.
if (process.platform === "linux") setPriority(Math.min(NICEST, getPriority() + NICER))

const options: ImageOptions = workerData
const opening = ImageProcessor.open(options)
// Sharp's own threads would let tasks overtake each other, and there is one room for pixels.
let turn: Promise<unknown> = opening

parentPort?.on("message", (message: WorkerTask | typeof CLOSE) => {
  // Ending a thread from outside while native code runs, or is loaded, would end the whole process.
  if (message === CLOSE) turn.finally(() => parentPort?.close())
  else make(message)
})

const make = ({ id, task }: WorkerTask): void => {
  turn = turn.then(async () => {
    const processor = await opening
    const result = await processor.process(task)
    const answer: WorkerResult = { id, result }
    parentPort?.postMessage(answer, transferable(result))
  })
}

const transferable = (result: ProcessedImage | ImageProblem): Array<ArrayBuffer> =>
  "bytes" in result &&
  result.bytes.buffer instanceof ArrayBuffer &&
  result.bytes.length === result.bytes.buffer.byteLength
    ? [result.bytes.buffer]
    : []
