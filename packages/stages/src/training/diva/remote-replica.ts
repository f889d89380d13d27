import { randomUUID } from "node:crypto"
import { closeSync, existsSync, openSync, unlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { DivaOptions, WorkOptions } from "./options.ts"
import { RemoteCalls } from "./remote-calls.ts"
import type { PictureRequest, Replica, Unit } from "./replica.ts"
import type { ReplicaCall } from "./replica-host.ts"

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

/** A replica in a process of its own. */
class RemoteReplica implements Replica {
  readonly #calls: RemoteCalls<ReplicaCall, ReadonlyArray<number>>

  constructor(file: number, gpu: number | undefined) {
    this.#calls = new RemoteCalls("replica-host", gpu, file)
  }

  async load(folder: string, options: DivaOptions): Promise<number> {
    const [count = 0] = await this.#calls.ask({ _tag: "Load", folder, options })
    return count
  }

  backward(unit: Unit): Promise<ReadonlyArray<number>> {
    return this.#calls.ask({ _tag: "Backward", unit })
  }

  async add(isFirst: boolean): Promise<void> {
    await this.#calls.ask({ _tag: "Add", isFirst })
  }

  async finishStep(step: number): Promise<number> {
    const [norm = Number.NaN] = await this.#calls.ask({ _tag: "FinishStep", step })
    return norm
  }

  async peakBytes(count: number, checkpoints: boolean): Promise<number> {
    const [bytes = 0] = await this.#calls.ask({ _tag: "PeakBytes", count, checkpoints })
    return bytes
  }

  async save(folder: string): Promise<void> {
    await this.#calls.ask({ _tag: "Save", folder })
  }

  async restore(folder: string, step: number): Promise<void> {
    await this.#calls.ask({ _tag: "Restore", folder, step })
  }

  async saveTuned(folder: string): Promise<void> {
    await this.#calls.ask({ _tag: "SaveTuned", folder })
  }

  async writePictures(request: PictureRequest): Promise<void> {
    await this.#calls.ask({ _tag: "WritePictures", request })
  }

  dispose(): Promise<void> {
    return this.#calls.close()
  }
}
