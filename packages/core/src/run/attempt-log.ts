import { closeSync, existsSync, mkdirSync, openSync, writeSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect, Scope } from "effect"
import type { AttemptSink } from "../stage/index.ts"
import { fileName } from "../store/index.ts"
import type { RunContext } from "./run-context.ts"

/** Characters that are written at once; what is less waits for the end of the turn. */
const BATCH = 64 * 1024
/** Characters of a log; what comes after them is dropped. */
const LONGEST = 64 * 1024 * 1024

/** The file with all that an attempt has said. */
export const attemptLogFile = (context: RunContext, task: string, attempt: number): string =>
  join(context.journal.folder, "logs", `${fileName(task)}.${attempt}.log`)

/** The attempt's log, if it has said anything. */
export const existingLog = (context: RunContext, task: string, attempt: number): string | undefined => {
  const file = attemptLogFile(context, task, attempt)
  return existsSync(file) ? file : undefined
}

/** A file that grows line by line, in few writes. A log that cannot be written must not stop the work. */
class LogFile {
  readonly #path: string
  #file: number | undefined
  #waiting = ""
  #size = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Whether further lines would be dropped. */
  get isFull(): boolean {
    return this.#size >= LONGEST
  }

  add(line: string): void {
    if (this.isFull) return
    if (this.#waiting === "") setImmediate(() => this.flush())
    this.#waiting += `${line}\n`
    this.#size += line.length + 1
    if (this.isFull) this.#waiting += `… the log ends here: it has grown to ${LONGEST / 1024 / 1024} MB\n`
    if (this.#waiting.length >= BATCH) this.flush()
  }

  flush(): void {
    if (this.#waiting === "") return
    const text = this.#waiting
    this.#waiting = ""
    try {
      this.#file ??= this.#open()
      writeSync(this.#file, text)
    } catch {
      // The disk is full.
    }
  }

  close(): void {
    this.flush()
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true })
    return openSync(this.#path, "a")
  }
}

/** Takes what an attempt says to its log file and to the run's events, until the scope ends. */
export const attemptSink = (
  context: RunContext,
  task: string,
  attempt: number,
): Effect.Effect<AttemptSink, never, Scope.Scope> =>
  Effect.flatMap(Effect.scope, (scope) => {
    const file = new LogFile(attemptLogFile(context, task, attempt))
    const close = Effect.sync(() => file.close())
    return Effect.as(Scope.addFinalizer(scope, close), sinkTo(file, context, task, attempt))
  })

const sinkTo = (file: LogFile, context: RunContext, task: string, attempt: number): AttemptSink => {
  const write = (line: string): void => {
    if (!file.isFull) file.add(context.mask(line))
  }
  return {
    progress: ({ done, total, unit, detail }) =>
      context.emit({
        _tag: "TaskProgress",
        task,
        attempt,
        done,
        unit,
        ...(total !== undefined && { total }),
        ...(detail !== undefined && { detail }),
      }),
    log: (level, message) => {
      write(level === "warning" ? `warning: ${message}` : message)
      context.emit({ _tag: "TaskLog", task, attempt, level, message })
    },
    output: write,
  }
}
