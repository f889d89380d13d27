import { availableParallelism } from "node:os"
import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { permanent, type StageFailure } from "@diva-pipeline/core"
import type { Preprocessing } from "../../images/index.ts"
import { CLOSE, type PreparedImage, type PreparingTask } from "./preparing-worker.ts"

/** An encoded image under the name that errors and draws use. */
export interface NamedImage {
  readonly key: string
  readonly image: Uint8Array
}

interface Waiting {
  readonly key: string
  readonly resolve: (pixels: Float32Array<ArrayBuffer>) => void
  readonly reject: (cause: unknown) => void
}

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
  readonly ended: Promise<unknown>
}

/** The thread of the model computes with all cores, but is not always at it. */
const threadsFor = (cores: number): number => Math.max(1, Math.min(16, cores - 1))

/** Threads that decode and prepare images while the model computes. */
export class PreparingThreads implements AsyncDisposable {
  readonly #threads: ReadonlyArray<Thread>
  #next = 0
  #isClosed = false

  constructor(how: Preprocessing, threads = threadsFor(availableParallelism())) {
    this.#threads = Array.from({ length: threads }, () => this.#start(how))
  }

  /**
   * The pixels of an image, `[size, size, 3]`, normalised as the model wants them.
   *
   * @throws StageFailure naming the image that can't be read
   */
  prepare({ key, image }: NamedImage): Promise<Float32Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      const idlest = this.#threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a))
      const id = this.#next++
      idlest.waiting.set(id, { key, resolve, reject })
      const task: PreparingTask = { id, image }
      idlest.worker.postMessage(task)
    })
  }

  /** Ends the threads; what they have not begun is given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await Promise.all(
      this.#threads.map(({ worker, ended }) => {
        worker.postMessage(CLOSE)
        return ended
      }),
    )
  }

  #start(how: Preprocessing): Thread {
    const here = fileURLToPath(import.meta.url)
    const worker = new Worker(new URL(`./preparing-worker${extname(here)}`, import.meta.url), {
      workerData: how,
    })
    const waiting = new Map<number, Waiting>()
    const fail = (cause: unknown) => {
      for (const { reject } of waiting.values()) reject(cause)
      waiting.clear()
    }
    worker.on("message", (answer: PreparedImage) => {
      const asked = waiting.get(answer.id)
      waiting.delete(answer.id)
      if ("pixels" in answer) asked?.resolve(answer.pixels)
      else asked?.reject(unreadable(asked.key, answer.problem))
    })
    worker.on("error", fail)
    const ended = new Promise((resolve) => worker.once("exit", resolve))
    ended.then(() => {
      if (!this.#isClosed) fail(new Error("a thread that prepares images has ended"))
    })
    return { worker, waiting, ended }
  }
}

const unreadable = (key: string, reason: string): StageFailure =>
  permanent(`the image of sample ${key} can't be read: ${reason}`, {
    hint: "the benchmark's archive may be damaged: fetch it again",
  })
