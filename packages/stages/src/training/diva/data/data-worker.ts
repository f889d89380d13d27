// The thread that reads a data set ahead of the training: shards, shuffle buffer, and the crops of its own or of others.
import { parentPort, workerData } from "node:worker_threads"
import { StageFailure } from "@diva-pipeline/core"
import { type FailureToSend, failureToSend } from "../failure-to-send.ts"
import { type BatchOptions, type CropBatch, cropBatches } from "./crop-batches.ts"
import type { CropOptions } from "./crop-image.ts"
import { CropPool } from "./crop-pool.ts"
import { type PlaceOptions, placeBatches } from "./place-batches.ts"
import type { Position, ShuffledImage } from "./shuffled-images.ts"

/** What the thread starts with. */
export interface DataRequest {
  readonly source: string
  /** Shuffled, or in the order of the data set. */
  readonly batches: BatchOptions | PlaceOptions
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
const crop = (image: ShuffledImage) => pool.crop(image)
const tellBroken = (key: string, reason: string) => say({ _tag: "Broken", key, reason })
const { source, batches: how, from } = request
const batches =
  "places" in how
    ? placeBatches(source, how, from, crop, tellBroken)
    : cropBatches(source, how, from, crop, tellBroken)

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
