import { spawn } from "node:child_process"
import { fstatSync, writeSync } from "node:fs"
import { Socket } from "node:net"
import { Effect, Exit, Fiber } from "effect"
import type { AttemptSink, StageCall } from "./call.ts"
import { permanent, StageFailure } from "./failure.ts"
import { CALLS, type HostReply, LIFELINE, makeLineReader, parseRequest, REPLIES } from "./host-protocol.ts"
import { ownPeak, resetPeak } from "./peak-memory.ts"
import type { StageRegistry } from "./registry.ts"
import { runStage } from "./run-stage.ts"
import { stageInModule } from "./stage-in-module.ts"

/**
 * Watches the lifeline from a process of its own: this one may be deep in native code when the engine dies, or die
 * together with it. The whole group goes then: the host, what it has started, and the watch.
 */
const watchLifeline = (): void => {
  const group = process.pid
  const script = `trap '' TERM INT HUP; read -r _ <&${LIFELINE}; kill -s KILL -- -${group} || kill -s KILL ${group}`
  const stdio = Array.from({ length: LIFELINE + 1 }, (_, descriptor) =>
    descriptor === LIFELINE ? LIFELINE : ("ignore" as const),
  )
  // Where there is no shell, the pipe of calls tells as well, if later.
  spawn("sh", ["-c", script], { stdio })
    .on("error", () => undefined)
    .unref()
}

/** Ends this host with all that it has started. */
const endGroup = (): void => {
  try {
    process.kill(-process.pid, "SIGKILL")
  } catch {
    // It leads no group: somebody else than the engine has started it.
    process.exit(0)
  }
}

/** Sends a reply at once and whole, even right before a crash. */
const reply = (message: HostReply): void => {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`)
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(REPLIES, bytes, sent)
}

const sink: AttemptSink = {
  progress: (progress) => reply({ _tag: "Progress", ...progress }),
  log: (level, message) => reply({ _tag: "Log", level, message }),
  output: (line) => process.stderr.write(`${line}\n`),
}

const answer = (
  registry: StageRegistry,
  call: StageCall,
  stop: AbortSignal,
): Effect.Effect<void, StageFailure> => {
  if (call.module !== undefined) {
    return Effect.flatMap(stageInModule(call.module, call), (stage) => runStage(stage, call, sink, stop))
  }
  const stage = registry.get(call.stage)
  if (stage?.version === call.version) return runStage(stage, call, sink, stop)
  return permanent(`the host process has no stage ${call.stage} of version ${call.version}`, {
    hint: "the program was changed while it ran, or was built only in part: build it again; a stage of your own gets there by `stageFromFile`",
  })
}

const replyTo = (exit: Exit.Exit<void, StageFailure>): HostReply => {
  const peakMemory = ownPeak()
  if (Exit.isSuccess(exit)) return { _tag: "Succeeded", peakMemory }
  const found = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
  const failure = found ?? new StageFailure({ reason: "cancelled", message: "the stage was interrupted" })
  const { reason, message, hint, file, retryAfter } = failure
  return {
    _tag: "Failed",
    peakMemory,
    failure: {
      reason,
      message,
      ...(hint !== undefined && { hint }),
      ...(file !== undefined && { file }),
      ...(retryAfter !== undefined && { retryAfter }),
    },
  }
}

const isOpen = (descriptor: number): boolean => {
  try {
    fstatSync(descriptor)
    return true
  } catch {
    return false
  }
}

/**
 * The main function of a host process: runs the stages that the engine asks for, one at a time, until the engine ends it.
 * It dies with the engine, whatever it is doing.
 */
export const serveHost = (registry: StageRegistry): void => {
  if (![CALLS, REPLIES, LIFELINE].every(isOpen)) {
    process.stderr.write("this program is started by the engine, not by hand\n")
    process.exitCode = 2
    return
  }
  watchLifeline()
  let running: Fiber.Fiber<void, StageFailure> | undefined

  let stop = new AbortController()
  const work = (line: string): void => {
    const request = parseRequest(line)
    if (request._tag === "Stop") stop.abort()
    else answerCall(request.call)
  }
  const answerCall = (call: StageCall): void => {
    stop = new AbortController()
    resetPeak()
    const fiber = Effect.runFork(answer(registry, call, stop.signal))
    running = fiber
    fiber.addObserver((exit) => {
      running = undefined
      reply(replyTo(exit))
    })
  }

  const calls = new Socket({ fd: CALLS, readable: true, writable: false })
  reply({ _tag: "Ready" })
  calls.on("data", makeLineReader(work))
  // The engine is gone, and this thread may know it before the other one does.
  calls.on("close", endGroup)
  // A stage gets the chance to end well: its finalisers run.
  process.on("SIGTERM", () => {
    const ended = running === undefined ? Effect.void : Fiber.interrupt(running)
    Effect.runFork(ended).addObserver(() => process.exit(143))
  })
}
