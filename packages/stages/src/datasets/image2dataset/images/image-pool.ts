import { availableParallelism } from "node:os"
import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import type { ImageOptions } from "../image-options.ts"
import { CLOSE } from "./image-close.ts"
import { type ImageProblem, ImageProcessor, type ImageTask, type ProcessedImage } from "./image-processor.ts"
import type { WorkerResult, WorkerTask } from "./image-worker.ts"

interface Waiting {
  readonly resolve: (result: ProcessedImage | ImageProblem) => void
  readonly reject: (cause: unknown) => void
}

interface Thread {
  readonly worker: Worker
  /** Tasks that it has been given and has not answered. */
  readonly tasks: Map<number, Waiting>
  readonly ended: Promise<unknown>
}

/** Tasks that a thread has at a time: the next one is there when one is done. */
const AHEAD = 2

/** As many threads as there are cores, which make images of bytes. */
export class ImagePool {
  readonly #options: ImageOptions
  /** How many there may be; each begins when there is work for it. */
  readonly #most: number
  readonly #threads: Array<Thread> = []
  /** For bytes that stay as they are: handing them to a thread would take longer than the work. */
  readonly #here: Promise<ImageProcessor> | undefined
  readonly #queue: Array<{ readonly task: ImageTask; readonly waiting: Waiting }> = []
  #next = 0
  #backlog = 0
  /** Why no image can be made any more: a thread has ended that should not have. */
  #broken: unknown
  #isClosed = false

  constructor(options: ImageOptions, threads = availableParallelism()) {
    this.#here = options.disableAllReencoding ? ImageProcessor.open(options) : undefined
    this.#options = options
    this.#most = threads
  }

  /** Bytes of the images that wait for a thread. */
  get backlog(): number {
    return this.#backlog
  }

  /** Makes an image; the task's bytes are handed over, and no longer the caller's. */
  async process(task: ImageTask): Promise<ProcessedImage | ImageProblem> {
    if (this.#here !== undefined) return (await this.#here).process(task)
    if (this.#broken !== undefined) throw this.#broken
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, waiting: { resolve, reject } })
      this.#backlog += task.bytes.length
      this.#feed()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#queue.length = 0
    await Promise.all(
      this.#threads.map(({ worker, ended }) => {
        worker.ref()
        worker.postMessage(CLOSE)
        return ended
      }),
    )
  }

  #start(options: ImageOptions): Thread {
    const here = fileURLToPath(import.meta.url)
    const worker = new Worker(new URL(`./image-worker${extname(here)}`, import.meta.url), {
      workerData: options,
    })
    const ended = new Promise((resolve) => worker.once("exit", resolve))
    const thread: Thread = { worker, tasks: new Map(), ended }
    worker.on("message", ({ id, result }: WorkerResult) => {
      thread.tasks.get(id)?.resolve(result)
      thread.tasks.delete(id)
      this.#feed()
    })
    worker.on("error", (cause) => this.#fail(thread, cause))
    worker.on("exit", () => {
      if (!this.#isClosed) this.#fail(thread, new Error("a thread that makes images has ended"))
    })
    worker.unref()
    this.#threads.push(thread)
    return thread
  }

  #feed(): void {
    while (this.#queue.length > 0) {
      const thread = this.#idlest()
      if (thread === undefined) return
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#backlog -= next.task.bytes.length
      const id = this.#next++
      thread.tasks.set(id, next.waiting)
      const message: WorkerTask = { id, task: next.task }
      const { buffer } = next.task.bytes
      thread.worker.postMessage(
        message,
        buffer instanceof ArrayBuffer && buffer.byteLength === next.task.bytes.length ? [buffer] : [],
      )
    }
  }

  /** The thread with least to do that may get more; a new one before any gets a second task. */
  #idlest(): Thread | undefined {
    let idlest: Thread | undefined
    for (const thread of this.#threads) if (thread.tasks.size < (idlest?.tasks.size ?? AHEAD)) idlest = thread
    const isIdle = idlest !== undefined && idlest.tasks.size === 0
    return isIdle || this.#threads.length >= this.#most ? idlest : this.#start(this.#options)
  }

  #fail(thread: Thread, cause: unknown): void {
    this.#broken ??= cause
    for (const { reject } of thread.tasks.values()) reject(cause)
    thread.tasks.clear()
    for (const { waiting } of this.#queue.splice(0)) waiting.reject(cause)
  }
}
