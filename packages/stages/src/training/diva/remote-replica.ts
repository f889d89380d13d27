import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { closeSync, existsSync, openSync, unlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { StageFailure } from "@diva-pipeline/core"
import type { DivaOptions, WorkOptions } from "./options.ts"
import type { PictureRequest, Replica, Unit } from "./replica.ts"
import type { ReplicaCall, ReplicaReply, ReplicaRequest } from "./replica-host.ts"

/** Where files are memory. */
const MEMORY = "/dev/shm"

/**
 * Starts a process for each worker, each with a replica; gradients meet in a file in memory that nobody else sees and
 * that goes with the last process.
 */
export const startRemoteReplicas = async (
  folder: string,
  options: DivaOptions,
  { workers, gpus }: WorkOptions,
): Promise<{
  readonly all: readonly [Replica, ...ReadonlyArray<Replica>]
  readonly trainedNumbers: number
}> => {
  const file = openNameless()
  const all = Array.from({ length: workers }, (_, index) => new RemoteReplica(file, gpus[index]))
  closeSync(file)
  try {
    const loaded = await Promise.all(all.map((replica) => replica.load(folder, options)))
    const [first, ...others] = all
    if (first === undefined) throw new Error("a training has at least one worker")
    return { all: [first, ...others], trainedNumbers: loaded[0] ?? 0 }
  } catch (error) {
    await Promise.all(all.map((replica) => replica.dispose()))
    throw error
  }
}

/** An open file without a name: it can't be left behind. */
const openNameless = (): number => {
  const name = join(existsSync(MEMORY) ? MEMORY : tmpdir(), `diva-gradients-${randomUUID()}`)
  const file = openSync(name, "wx+", 0o600)
  unlinkSync(name)
  return file
}

interface Waiting {
  readonly resolve: (result: ReadonlyArray<number>) => void
  readonly reject: (cause: unknown) => void
}

/** A replica in a process of its own. */
class RemoteReplica implements Replica {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended: Promise<void>
  #gone: StageFailure | undefined
  #next = 0

  constructor(file: number, gpu: number | undefined) {
    const here = fileURLToPath(import.meta.url)
    const program = fileURLToPath(new URL(`./replica-host${extname(here)}`, import.meta.url))
    this.#child = spawn(process.execPath, [...process.execArgv, program], {
      env: { ...process.env, ...(gpu === undefined ? {} : { CUDA_VISIBLE_DEVICES: String(gpu) }) },
      stdio: ["ignore", "inherit", "inherit", "ipc", file],
      serialization: "advanced",
    })
    this.#child.on("message", (reply: ReplicaReply) => this.#hear(reply))
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (cause) => this.#end(`a worker cannot be started: ${cause.message}`))
      this.#child.once("exit", (code, signal) => {
        this.#end(`a worker of the training has ended (${signal ?? `exit code ${code}`})`)
        resolve()
      })
    })
  }

  async load(folder: string, options: DivaOptions): Promise<number> {
    const [count = 0] = await this.#ask({ _tag: "Load", folder, options })
    return count
  }

  backward(unit: Unit): Promise<ReadonlyArray<number>> {
    return this.#ask({ _tag: "Backward", unit })
  }

  async add(isFirst: boolean): Promise<void> {
    await this.#ask({ _tag: "Add", isFirst })
  }

  async finishStep(step: number): Promise<number> {
    const [norm = Number.NaN] = await this.#ask({ _tag: "FinishStep", step })
    return norm
  }

  async peakBytes(count: number, checkpoints: boolean): Promise<number> {
    const [bytes = 0] = await this.#ask({ _tag: "PeakBytes", count, checkpoints })
    return bytes
  }

  async save(folder: string): Promise<void> {
    await this.#ask({ _tag: "Save", folder })
  }

  async restore(folder: string, step: number): Promise<void> {
    await this.#ask({ _tag: "Restore", folder, step })
  }

  async saveTuned(folder: string): Promise<void> {
    await this.#ask({ _tag: "SaveTuned", folder })
  }

  async writePictures(request: PictureRequest): Promise<void> {
    await this.#ask({ _tag: "WritePictures", request })
  }

  async dispose(): Promise<void> {
    if (this.#gone === undefined) this.#child.disconnect()
    await this.#ended
  }

  #ask(call: ReplicaCall): Promise<ReadonlyArray<number>> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(this.#gone)
        return
      }
      const request: ReplicaRequest = { id: this.#next++, call }
      this.#waiting.set(request.id, { resolve, reject })
      this.#child.send(request)
    })
  }

  #hear({ id, result, failure }: ReplicaReply): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (result !== undefined) waiting?.resolve(result)
    else waiting?.reject(new StageFailure(failure ?? { reason: "crash", message: "a worker gave no answer" }))
  }

  #end(message: string): void {
    this.#gone ??= new StageFailure({ reason: "crash", message })
    for (const { reject } of this.#waiting.values()) reject(this.#gone)
    this.#waiting.clear()
  }
}
