import { appendFileSync, existsSync, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import type { AttemptSink } from "../stage/index.ts"
import { fileName } from "../store/index.ts"
import type { RunContext } from "./run-context.ts"

/** The file with all that an attempt has said. */
export const attemptLogFile = (context: RunContext, task: string, attempt: number): string =>
  join(context.journal.folder, "logs", `${fileName(task)}.${attempt}.log`)

/** The attempt's log, if it has said anything. */
export const existingLog = (context: RunContext, task: string, attempt: number): string | undefined => {
  const file = attemptLogFile(context, task, attempt)
  return existsSync(file) ? file : undefined
}

/** Takes what an attempt says to its log file and to the run's events. */
export const attemptSink = (context: RunContext, task: string, attempt: number): AttemptSink => {
  const file = attemptLogFile(context, task, attempt)
  const write = (line: string): void => {
    try {
      mkdirSync(dirname(file), { recursive: true })
      appendFileSync(file, `${context.mask(line)}\n`)
    } catch {
      // A log that cannot be written must not stop the work.
    }
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
