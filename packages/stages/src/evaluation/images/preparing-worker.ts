// A thread that makes pixels for a model of encoded images.
import { parentPort, workerData } from "node:worker_threads"
import { prepareImage } from "../../images/index.ts"
import { CLOSE, type PreparedImage, type PreparingTask, type PreparingWork } from "./preparing-messages.ts"

const { how, stopped }: PreparingWork = workerData
let turn: Promise<unknown> = Promise.resolve()

parentPort?.on("message", (task: PreparingTask | typeof CLOSE) => {
  // Ending a thread from outside while native code runs would end the whole process.
  turn = turn.then(() => (task === CLOSE ? parentPort?.close() : prepare(task)))
})

const prepare = async ({ id, image }: PreparingTask): Promise<void> => {
  if (Atomics.load(stopped, 0) !== 0) return
  try {
    const pixels = await prepareImage(image, how)
    const answer: PreparedImage = { id, pixels }
    parentPort?.postMessage(answer, [pixels.buffer])
  } catch (error) {
    const answer: PreparedImage = { id, problem: error instanceof Error ? error.message : String(error) }
    parentPort?.postMessage(answer)
  }
}
