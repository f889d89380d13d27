import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"

/** More threads than this wait for the disk, not for the processor. */
const MOST_THREADS = 8

/**
 * What a thread does: takes the next piece of the file until there is none. A text and not a file, because bundling would
 * lose the file.
 */
const program = `
const { parentPort } = require("node:worker_threads")
const { createHash } = require("node:crypto")
const { readSync } = require("node:fs")
const buffer = Buffer.allocUnsafe(1 << 19)
const hashPiece = (file, start, end) => {
  const hash = createHash("sha256")
  for (let at = start; at < end; ) {
    const count = readSync(file, buffer, 0, Math.min(buffer.length, end - at), at)
    if (count === 0) throw new Error("it was changed while it was read")
    hash.update(count === buffer.length ? buffer : buffer.subarray(0, count))
    at += count
  }
  return hash.digest()
}
parentPort.on("message", ({ file, size, piece, next, digests }) => {
  try {
    const out = new Uint8Array(digests)
    for (;;) {
      const index = Atomics.add(next, 0, 1)
      const start = index * piece
      if (start >= size) return parentPort.postMessage({})
      out.set(hashPiece(file, start, Math.min(start + piece, size)), index * 32)
    }
  } catch (error) {
    parentPort.postMessage({ message: error.message, code: error.code })
  }
})
`

/** What a thread is given: all of them share the counter and the place for the digests. */
interface Work {
  readonly file: number
  readonly size: number
  readonly piece: number
  readonly next: Int32Array<SharedArrayBuffer>
  readonly digests: SharedArrayBuffer
}

interface Answer {
  readonly message?: string
  readonly code?: string
}

/** Threads that wait for work. They don't keep the process alive. */
const idle: Array<Worker> = []

const takeThread = (): Worker => {
  // Without the options of this process: `--input-type=module` would make another program of it.
  const thread = idle.pop() ?? new Worker(program, { eval: true, execArgv: [] })
  thread.ref()
  return thread
}

const giveBack = (thread: Worker): void => {
  thread.unref()
  idle.push(thread)
}

const workOn = (work: Work): Promise<void> =>
  new Promise((resolve, reject) => {
    const thread = takeThread()
    thread.once("message", ({ message, code }: Answer) => {
      thread.off("error", reject)
      giveBack(thread)
      if (message === undefined) resolve()
      else reject(Object.assign(new Error(message), { code }))
    })
    thread.on("error", reject)
    thread.postMessage(work)
  })

/** A number of pieces that no file has. */
const NO_MORE = 1 << 30

/** The SHA-256s of the pieces of an open file, one after the other, computed by as many threads as there are cores. */
export const hashPieces = async (
  file: number,
  size: number,
  piece: number,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const count = Math.ceil(size / piece)
  const next = new Int32Array(new SharedArrayBuffer(4))
  const digests = new SharedArrayBuffer(count * 32)
  const stop = (): void => {
    Atomics.store(next, 0, NO_MORE)
  }
  signal.addEventListener("abort", stop)
  const threads = Math.min(availableParallelism(), MOST_THREADS, count)
  const work = { file, size, piece, next, digests }
  const works = Array.from({ length: threads }, () => workOn(work))
  for (const one of works) one.catch(stop)
  // The file stays open until the last thread has let go of it.
  const ends = await Promise.allSettled(works)
  signal.removeEventListener("abort", stop)
  signal.throwIfAborted()
  for (const end of ends) if (end.status === "rejected") throw end.reason
  return new Uint8Array(digests)
}
