import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { StageFailure } from "@diva-pipeline/core"
import type { CropBatch } from "./crop-batches.ts"
import type { DataMessage, DataRequest, DataWord } from "./data-worker.ts"

/**
 * Batches of crops from a thread that works ahead, whatever holds this one: when a batch is asked for, it has been
 * waiting here unless the images come too slowly.
 */
export class CropStream {
  readonly #worker: Worker
  readonly #onBroken: (key: string, reason: string) => void
  readonly #batches: Array<CropBatch> = []
  #waiting: (() => void) | undefined
  #failure: unknown
  #waited = 0
  readonly #ended: Promise<unknown>

  constructor(request: DataRequest, onBroken: (key: string, reason: string) => void) {
    const here = fileURLToPath(import.meta.url)
    this.#onBroken = onBroken
    this.#worker = new Worker(new URL(`./data-worker${extname(here)}`, import.meta.url), {
      workerData: request,
    })
    this.#ended = new Promise((resolve) => this.#worker.once("exit", resolve))
    this.#worker.on("message", (message: DataMessage) => this.#hear(message))
    this.#worker.on("error", (cause) => this.#fail(cause))
    this.#worker.on("exit", () => this.#fail(new Error("the thread that reads images has ended")))
  }

  /** Milliseconds that were spent waiting for images. */
  get waited(): number {
    return this.#waited
  }

  /** The next batch. */
  async next(): Promise<CropBatch> {
    const begun = performance.now()
    while (this.#batches.length === 0) {
      if (this.#failure !== undefined) throw this.#failure
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
    this.#waited += performance.now() - begun
    const batch = this.#batches.shift()
    if (batch === undefined) throw new Error("no batch waits")
    this.#say("more")
    return batch
  }

  /** Ends the thread, and waits until it has ended. */
  async close(): Promise<void> {
    this.#say("end")
    await this.#ended
  }

  #say(word: DataWord): void {
    this.#worker.postMessage(word)
  }

  #hear(message: DataMessage): void {
    if (message._tag === "Broken") this.#onBroken(message.key, message.reason)
    else if (message._tag === "Failed") this.#fail(new StageFailure(message.failure))
    else {
      this.#batches.push(message.batch)
      this.#waiting?.()
    }
  }

  #fail(cause: unknown): void {
    this.#failure ??= cause
    this.#waiting?.()
  }
}
