import { spawn } from "node:child_process"
import { makeOutputReader, permanent, StageFailure, transient } from "@diva-pipeline/core"
import { Effect } from "effect"

/** A shell command, and what it may know of the world. */
export interface CommandRequest {
  /** For `sh -c`. */
  readonly command: string
  /** Absolute paths by name. */
  readonly inputs: Readonly<Record<string, string>>
  /** All that it may know of variables: what the task was given, and what every program needs. */
  readonly environment: Readonly<Record<string, string>>
}

/** Where a command works. */
export interface CommandPlace {
  /** The folder that it fills. */
  readonly output: string
  /** Its working directory. */
  readonly scratch: string
}

/** sysexits.h: a failure that may pass by itself. */
const EX_TEMPFAIL = 75
/** What a shell ends with when SIGKILL has ended what it ran. */
const EX_KILLED = 128 + 9
const TAIL_LINES = 5
/** Characters of such a line. A longer one is left out as a whole: half a secret could not be masked. */
const LONGEST_SHOWN = 1000
/** Milliseconds for what was printed before the end to arrive. */
const LAST_WORDS = 1000

/**
 * Runs a command with `sh -e`, with an environment of its own: `OUTPUT`, `INPUT_<NAME>` for each input, what is given, and
 * little else. What it prints goes to our standard error. It stays in our process group, so that it dies with us.
 *
 * Fails for another exit code than 0: transiently for 75 (EX_TEMPFAIL), and as a crash for a signal.
 */
export const runCommand = (request: CommandRequest, place: CommandPlace): Effect.Effect<void, StageFailure> =>
  Effect.callback((resume) => {
    const child = spawn("sh", ["-e", "-c", request.command], {
      cwd: place.scratch,
      env: environmentOf(request, place),
      stdio: ["ignore", "pipe", "pipe"],
    })
    const tail = new Tail()
    // Line by line: pieces of two streams in one line would hide what must be masked.
    const readers = [child.stdout, child.stderr].map((stream) => {
      const reader = makeOutputReader((line) => {
        process.stderr.write(`${line}\n`)
        tail.add(line)
      })
      stream.on("data", reader)
      return reader
    })
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      for (const reader of readers) reader.end()
      resume(resultOf(code, signal, tail))
    }
    child.on("error", (error) => resume(Effect.fail(cannotStart(error))))
    child.on("exit", (code, signal) => {
      // What it has left in the background may hold its pipes open for ever.
      const patience = setTimeout(() => end(code, signal), LAST_WORDS)
      child.on("close", () => {
        clearTimeout(patience)
        end(code, signal)
      })
    })
    return Effect.callback<void>((ended) => {
      if (child.exitCode !== null || child.signalCode !== null) return ended(Effect.void)
      child.on("exit", () => ended(Effect.void))
      child.kill("SIGTERM")
    })
  })

/** The end of what was printed. */
class Tail {
  readonly lines: Array<string> = []
  add(line: string): void {
    if (line.trim() === "") return
    this.lines.push(line.length > LONGEST_SHOWN ? `(a line of ${line.length} characters)` : line)
    if (this.lines.length > TAIL_LINES) this.lines.shift()
  }
}

const cannotStart = (error: Error): StageFailure =>
  permanent(`sh could not be started: ${error.message}`, { hint: "exec needs a POSIX shell" })

const resultOf = (
  code: number | null,
  signal: NodeJS.Signals | null,
  tail: Tail,
): Effect.Effect<void, StageFailure> => {
  if (code === 0) return Effect.void
  const { lines } = tail
  const said = lines.length === 0 ? "" : `; it printed last:${lines.map((line) => `\n  ${line}`).join("")}`
  const log = "all that it printed is in the attempt's log"
  const isKilled = signal === "SIGKILL" || code === EX_KILLED
  const hint = isKilled ? `the system kills processes when memory runs out; ${log}` : log
  if (code === null)
    return Effect.fail(
      new StageFailure({ reason: "crash", message: `the command was ended by ${signal}${said}`, hint }),
    )
  const message = `the command ended with code ${code}${said}`
  return Effect.fail(code === EX_TEMPFAIL ? transient(message, { hint }) : permanent(message, { hint }))
}

const environmentOf = (request: CommandRequest, place: CommandPlace): Record<string, string> => {
  const inputs = Object.entries(request.inputs).map(([name, path]) => [variableOf(name), path] as const)
  return {
    ...request.environment,
    ...Object.fromEntries(inputs),
    TMPDIR: place.scratch,
    OUTPUT: place.output,
  }
}

/** `my-images` → `INPUT_MY_IMAGES` */
const variableOf = (name: string): string => `INPUT_${name.toUpperCase().replaceAll("-", "_")}`
