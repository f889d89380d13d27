import { type ChildProcess, spawn } from "node:child_process"
import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { StageFailure } from "@diva-pipeline/core"
import { type FailureToSend, failureToSend } from "./failure-to-send.ts"

/** A call with the number that its answer has. */
interface RemoteRequest<Call> {
  readonly id: number
  readonly call: Call
}

/** What a process answers, or why it could not. */
interface RemoteReply<Result> {
  readonly id: number
  readonly result: Result | undefined
  readonly failure?: FailureToSend
}

interface Waiting<Result> {
  readonly resolve: (result: Result) => void
  readonly reject: (cause: unknown) => void
}

/** A process that does what it is told: a program of this folder, which calls `answerCalls`. It ends with this one. */
export class RemoteCalls<Call, Result> {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting<Result>>()
  readonly #ended: Promise<void>
  #gone: StageFailure | undefined
  #next = 0

  /**
   * @param name of the program's file, without its ending
   * @param gpu the graphics processor that it gets
   * @param file an open file that it finds as its fifth
   */
  constructor(name: string, gpu: number | undefined, file?: number) {
    const here = fileURLToPath(import.meta.url)
    const program = fileURLToPath(new URL(`./${name}${extname(here)}`, import.meta.url))
    this.#child = spawn(process.execPath, [...process.execArgv, program], {
      env: { ...process.env, ...(gpu === undefined ? {} : { CUDA_VISIBLE_DEVICES: String(gpu) }) },
      stdio: ["ignore", "inherit", "inherit", "ipc", ...(file === undefined ? [] : [file])],
      serialization: "advanced",
    })
    this.#child.on("message", (reply: RemoteReply<Result>) => this.#hear(reply))
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (cause) => this.#end(`a worker cannot be started: ${cause.message}`))
      this.#child.once("exit", (code, signal) => {
        this.#end(`a worker has ended (${signal ?? `exit code ${code}`})`)
        resolve()
      })
    })
  }

  /** Fails with what the process said, or with a crash when it ends before it answers. */
  ask(call: Call): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(this.#gone)
        return
      }
      const request: RemoteRequest<Call> = { id: this.#next++, call }
      this.#waiting.set(request.id, { resolve, reject })
      this.#child.send(request)
    })
  }

  /** Ends the process, and waits until it has ended. */
  async close(): Promise<void> {
    if (this.#gone === undefined) this.#child.disconnect()
    await this.#ended
  }

  #hear({ id, result, failure }: RemoteReply<Result>): void {
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

/** Makes this process one that answers calls until its parent is gone. */
export const answerCalls = <Call, Result>(answer: (call: Call) => Promise<Result>): void => {
  const reply = (message: RemoteReply<Result>): void => {
    if (process.connected) process.send?.(message)
  }
  process.on("message", ({ id, call }: RemoteRequest<Call>) => {
    answer(call).then(
      (result) => reply({ id, result }),
      (error: unknown) => reply({ id, result: undefined, failure: failureOf(error) }),
    )
  })
  process.on("disconnect", () => process.exit())
}

const failureOf = (error: unknown): FailureToSend =>
  error instanceof StageFailure
    ? failureToSend(error)
    : { reason: "permanent", message: error instanceof Error ? error.message : String(error) }
