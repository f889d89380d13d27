import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { type CropOptions, type Cropped, cropImage } from "./crop-image.ts"
import type { CropAnswer, CropTask } from "./crop-worker.ts"
import type { ShuffledImage } from "./shuffled-images.ts"

interface Waiting {
  readonly resolve: (result: Cropped) => void
  readonly reject: (cause: unknown) => void
}

interface Thread {
  readonly worker: Worker
  readonly tasks: Map<number, Waiting>
}

/** Threads that decode and crop images; of one thread it is the one that asks. */
export class CropPool {
  readonly #options: CropOptions
  readonly #threads: ReadonlyArray<Thread>
  #next = 0
  #broken: unknown

  constructor(options: CropOptions, threads: number) {
    this.#options = options
    this.#threads = Array.from({ length: threads > 1 ? threads : 0 }, () => this.#start())
  }

  /** The crop of an image; its bytes are handed over. */
  async crop({ bytes, epoch, taken, ordinal }: ShuffledImage): Promise<Cropped> {
    const image = { epoch, taken, ordinal, bytes }
    const [first, ...others] = this.#threads
    if (first === undefined) return await cropImage(image, this.#options)
    if (this.#broken !== undefined) throw this.#broken
    const { tasks, worker } = others.reduce(
      (least, thread) => (thread.tasks.size < least.tasks.size ? thread : least),
      first,
    )
    return await new Promise((resolve, reject) => {
      const task: CropTask = { id: this.#next++, image }
      tasks.set(task.id, { resolve, reject })
      worker.postMessage(task)
    })
  }

  /** Ends the threads when they have done what they were given. */
  close(): void {
    for (const { worker } of this.#threads) worker.postMessage(undefined)
  }

  #start(): Thread {
    const here = fileURLToPath(import.meta.url)
    const worker = new Worker(new URL(`./crop-worker${extname(here)}`, import.meta.url), {
      workerData: this.#options,
    })
    const tasks = new Map<number, Waiting>()
    worker.on("message", ({ id, result }: CropAnswer) => {
      tasks.get(id)?.resolve(result)
      tasks.delete(id)
    })
    const fail = (cause: unknown) => {
      this.#broken ??= cause
      for (const { reject } of tasks.values()) reject(cause)
      tasks.clear()
    }
    worker.on("error", fail)
    worker.on("exit", () => fail(new Error("a thread that crops images has ended")))
    return { worker, tasks }
  }
}
