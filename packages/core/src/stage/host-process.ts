import { type ChildProcess, spawn } from "node:child_process"
import type { Stream } from "node:stream"
import { Readable, Writable } from "node:stream"
import { Duration, Effect } from "effect"
import type { AttemptSink, StageCall } from "./call.ts"
import { StageFailure } from "./failure.ts"
import { failureOfEnd, type HostEnd, type LastSigns, saysOutOfMemory } from "./host-end.ts"
import { hostEnvironment } from "./host-environment.ts"
import {
  CALLS,
  type HostReply,
  type HostRequest,
  makeLineReader,
  makeOutputReader,
  parseReply,
  REPLIES,
} from "./host-protocol.ts"
import { memoryGroup } from "./out-of-memory.ts"
import { followMemory } from "./peak-memory.ts"
import { descendantsOf, endProcesses } from "./process-tree.ts"

/** How a host process is started. */
export interface HostCommand {
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** The whole environment; what every program needs of the engine's own when absent. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** A running host process, from the engine's side. */
export interface Host {
  /** Runs one call; one at a time. Interrupting it stops the host, at once if it had been asked to `stop`. */
  readonly run: (call: StageCall, sink: AttemptSink, stop?: AbortSignal) => Effect.Effect<void, StageFailure>
  /** Whether it can take another call. */
  readonly isIdle: () => boolean
  /** Ends the process and waits for its end. */
  readonly stop: Effect.Effect<void>
}

/** How long a host that was asked to end may take before it is killed. */
const GRACE = Duration.seconds(3)
/** How many of the last lines that a host has written are kept: what Node says of an error that ends it. */
const TAIL = 60

/** The host is the leader of its process group: a signal reaches what it has started as well. */
const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    child.kill(signal)
  }
}

/** What a host has said lately. */
interface Words {
  tail: Array<string>
  /** That it found no more memory; what comes after it may be long. */
  outOfMemory: string | undefined
}

/** Nothing but the host writes to the pipe of replies; if something did, it can no longer be trusted. */
const replyIn = (line: string): HostReply | undefined => {
  try {
    return parseReply(line)
  } catch {
    return undefined
  }
}

const readable = (stream: Stream | null | undefined): Readable => {
  if (stream instanceof Readable) return stream
  throw new Error("the host process has no such output")
}

const writable = (stream: Stream | null | undefined): Writable => {
  if (stream instanceof Writable) return stream
  throw new Error("the host process has no such input")
}

const resultOf = (reply: Extract<HostReply, { peakMemory: number }>): Effect.Effect<void, StageFailure> =>
  reply._tag === "Succeeded" ? Effect.void : Effect.fail(new StageFailure(reply.failure))

/** What a host works on: whom to tell, and how it ends. */
interface Work {
  readonly call: StageCall
  readonly sink: AttemptSink
  readonly memory: { readonly stop: () => number }
  /** How many processes of our group the kernel had killed before, for memory. */
  readonly killsBefore: number
  readonly end: (result: Effect.Effect<void, StageFailure>) => void
}

const killsOfGroup = (): number => memoryGroup()?.kills ?? 0

const endOf = (code: number | null, signal: string | null, killsBefore: number): HostEnd => {
  if (signal === null) return { _tag: "Exited", code }
  const group = signal === "SIGKILL" ? memoryGroup() : undefined
  if (group !== undefined && group.kills > killsBefore) return { _tag: "OutOfMemory", limit: group.limit }
  return { _tag: "Killed", signal }
}

/**
 * Starts a host process. Its own process group keeps a Ctrl-C in the terminal from reaching it before the engine.
 *
 * @param gpus indexes of the graphics processors that it may see, separated by commas; empty for the engine's own choice
 */
export const startHost = (command: HostCommand, gpus = ""): Host => {
  const environment = command.env ?? hostEnvironment(process.env)
  const child = spawn(command.command, command.args, {
    env: { ...environment, ...(gpus !== "" && { CUDA_VISIBLE_DEVICES: gpus }) },
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
    detached: true,
  })
  let work: Work | undefined
  let gone: HostEnd | undefined
  let isReady = false
  let words: Words = { tail: [], outOfMemory: undefined }
  const waiting = new Set<() => void>()

  const say = (line: string): void => {
    words.tail.push(line)
    if (words.tail.length > TAIL) words.tail.shift()
    if (saysOutOfMemory(line)) words.outOfMemory ??= line.trim()
    work?.sink.output(line)
  }
  const lastSigns = (peakMemory: number): LastSigns => ({
    lines: words.tail,
    outOfMemory: words.outOfMemory,
    wasReady: isReady,
    peakMemory,
  })
  const readers = [makeOutputReader(say), makeOutputReader(say)] as const
  const end = (result: Effect.Effect<void, StageFailure>, ownPeak = 0): void => {
    for (const reader of readers) reader.end()
    const ended = work
    work = undefined
    const peakMemory = Math.max(ended?.memory.stop() ?? 0, ownPeak)
    if (peakMemory > 0) ended?.sink.measured?.({ peakMemory })
    ended?.end(result)
  }
  const hear = (line: string): void => {
    const message = replyIn(line)
    if (message === undefined) {
      gone ??= { _tag: "Garbled" }
      signalGroup(child, "SIGKILL")
    } else handle(message)
  }
  const handle = (message: HostReply): void => {
    if (message._tag === "Ready") isReady = true
    else if (message._tag === "Progress") work?.sink.progress(message)
    else if (message._tag === "Log") work?.sink.log(message.level, message.message)
    // What it printed before comes through another pipe: that is read first.
    else setImmediate(() => setImmediate(() => end(resultOf(message), message.peakMemory)))
  }
  const die = (how: HostEnd): void => {
    gone ??= how
    for (const reader of readers) reader.end()
    if (work !== undefined) {
      const signs = lastSigns(work.memory.stop())
      end(Effect.fail(failureOfEnd(work.call, gone, signs)), signs.peakMemory)
    }
    for (const resume of waiting) resume()
  }

  child.on("error", (error) => die({ _tag: "NotStarted", message: error.message }))
  // What it has started must not outlive it, nor keep its pipes open.
  child.on("exit", () => signalGroup(child, "SIGKILL"))
  // `close` and not `exit`: by then all that it wrote was read.
  child.on("close", (code, signal) => die(endOf(code, signal, work?.killsBefore ?? 0)))
  // Writing to a host that is gone fails, and its end is reported otherwise.
  for (const stream of child.stdio) stream?.on("error", () => undefined)
  if (child.pid !== undefined) {
    readable(child.stdout).on("data", readers[0])
    readable(child.stderr).on("data", readers[1])
    readable(child.stdio[REPLIES]).on("data", makeLineReader(hear))
  }

  /** Those that have left the group are found only while those live that have started them. */
  const descendants = () => (child.pid === undefined ? [] : descendantsOf(child.pid))
  const ended = Effect.callback<void>((resume) => {
    if (gone !== undefined) return resume(Effect.void)
    const notify = () => resume(Effect.void)
    waiting.add(notify)
    return Effect.sync(() => waiting.delete(notify))
  })
  const kill = Effect.suspend(() => {
    const strays = descendants()
    signalGroup(child, "SIGKILL")
    endProcesses(strays)
    return ended
  })
  const stop = Effect.suspend(() => {
    if (gone !== undefined) return Effect.void
    if (work === undefined) return kill
    const strays = descendants()
    signalGroup(child, "SIGTERM")
    return Effect.timeoutOrElse(ended, { duration: GRACE, orElse: () => kill }).pipe(
      Effect.ensuring(Effect.sync(() => endProcesses(strays))),
    )
  })

  const tell = (request: HostRequest): void => {
    writable(child.stdio[CALLS]).write(`${JSON.stringify(request)}\n`)
  }
  const run: Host["run"] = (call, sink, stopping) =>
    Effect.callback<void, StageFailure>((resume) => {
      if (gone !== undefined) return resume(Effect.fail(failureOfEnd(call, gone, lastSigns(0))))
      const askToStop = () => tell({ _tag: "Stop" })
      const end: Work["end"] = (result) => {
        stopping?.removeEventListener("abort", askToStop)
        resume(result)
      }
      words = { tail: [], outOfMemory: undefined }
      work = { call, sink, memory: followMemory(child.pid ?? 0), killsBefore: killsOfGroup(), end }
      tell({ _tag: "Call", call })
      if (stopping?.aborted) askToStop()
      stopping?.addEventListener("abort", askToStop, { once: true })
      return Effect.suspend(() => {
        stopping?.removeEventListener("abort", askToStop)
        // Who was asked before has had time enough.
        return stopping?.aborted ? kill : stop
      })
    })
  return { run, isIdle: () => gone === undefined && work === undefined, stop }
}
