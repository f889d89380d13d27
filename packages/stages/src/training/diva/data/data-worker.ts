// The thread that reads a data set ahead of the training: shards, shuffle buffer, and the crops of its own or of others.
import { parentPort, workerData } from "node:worker_threads"
import { StageFailure } from "@diva-pipeline/core"
import { type FailureToSend, failureToSend } from "../failure-to-send.ts"
import { type BatchOptions, type CropBatch, cropBatches } from "./crop-batches.ts"
import type { CropOptions } from "./crop-image.ts"
import { CropPool } from "./crop-pool.ts"
import type { Position } from "./shuffled-images.ts"

/** What the thread starts with. */
export interface DataRequest {
  readonly source: string
  readonly batches: BatchOptions
  readonly crops: CropOptions
  readonly from: Position
  /** Threads that crop. */
  readonly threads: number
  /** Batches that are made ahead. */
  readonly ahead: number
}

/** What it says: batches in order, notes on broken images, or why it can't go on. */
export type DataMessage =
  | { readonly _tag: "Batch"; readonly batch: CropBatch }
  | { readonly _tag: "Broken"; readonly key: string; readonly reason: string }
  | { readonly _tag: "Failed"; readonly failure: FailureToSend }

/** What it is told: to make another batch, or to end. */
export type DataWord = "more" | "end"

const request: DataRequest = workerData
const pool = new CropPool(request.crops, request.threads)
const say = (message: DataMessage, transfer: Array<ArrayBuffer> = []) =>
  parentPort?.postMessage(message, transfer)
const batches = cropBatches(
  request.source,
  request.batches,
  request.from,
  (image) => pool.crop(image),
  (key, reason) => say({ _tag: "Broken", key, reason }),
)

let wanted = request.ahead
let turn: Promise<void> = Promise.resolve()

const make = async (): Promise<void> => {
  try {
    while (wanted > 0) {
      wanted--
      const { value } = await batches.next()
      if (value === undefined) return
      say({ _tag: "Batch", batch: value }, [value.crops.buffer])
    }
  } catch (error) {
    say({ _tag: "Failed", failure: failureOf(error) })
    wanted = 0
  }
}

const failureOf = (error: unknown): FailureToSend => {
  if (error instanceof StageFailure) return failureToSend(error)
  const why = error instanceof Error ? error.message : String(error)
  return { reason: "permanent", message: `the images cannot be read: ${why}` }
}

parentPort?.on("message", (word: DataWord) => {
  if (word === "more") {
    wanted++
    turn = turn.then(make)
    return
  }
  wanted = 0
  turn.finally(async () => {
    await batches.return()
    pool.close()
    parentPort?.close()
  })
})
turn = make()
