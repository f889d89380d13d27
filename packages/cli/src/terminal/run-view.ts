import { relative } from "node:path"
import type { FailureReport, RunEvent } from "@diva-pipeline/core"
import { printable } from "./printable.ts"
import { formatCount, formatSeconds } from "./quantities.ts"
import type { Styler } from "./style.ts"
import { describeProgress, type RunningTask } from "./task-line.ts"

/** Where a run is shown. */
export interface Screen {
  readonly write: (text: string) => void
  /** Columns, or undefined where lines can't be redrawn: then the view prints plain lines. */
  readonly columns: () => number | undefined
  readonly now: () => number
  readonly style: Styler
}

/** Without a terminal, how long a running task stays silent, in milliseconds. */
const PLAIN_INTERVAL = 10_000

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what colours begin with
const PIECES = /\u001b\[[0-9;]*m|./gu

const isColour = (piece: string): boolean => piece.length > 1 && piece.startsWith("\u001b")

/** Cuts a line with colours to fewer than the given columns, so that redrawing finds it on one row. */
const fit = (line: string, columns: number): string => {
  const pieces = line.match(PIECES) ?? []
  if (pieces.filter((piece) => !isColour(piece)).length < columns) return line
  let room = columns - 2
  return `${pieces.filter((piece) => isColour(piece) || room-- > 0).join("")}…`
}

const beginning = ({ attempt, reason }: { readonly attempt: number; readonly reason: string }): string =>
  attempt === 1 ? `started: ${reason}` : `started: attempt ${attempt}`

/**
 * A run as lines for people: finished tasks stay, running ones are redrawn below them with bar, rate and time left.
 * Without a terminal each task gets a line when it starts and ends, and one now and then in between.
 */
export class RunView {
  readonly #screen: Screen
  readonly #running = new Map<string, RunningTask>()
  readonly #lastPlain = new Map<string, number>()
  #nameWidth = 0
  #drawn = 0

  constructor(screen: Screen) {
    this.#screen = screen
  }

  /** Shows an event. */
  show(event: RunEvent): void {
    this.#follow(event)
    const line = this.#lineFor(event)
    this.#erase()
    if (line !== undefined) this.#screen.write(`${line}\n`)
    this.#draw()
  }

  /** Redraws the running tasks, for the clock to go on between events. */
  tick(): void {
    this.#erase()
    this.#draw()
  }

  #follow(event: RunEvent): void {
    const now = this.#screen.now()
    switch (event._tag) {
      case "RunStarted":
        this.#nameWidth = Math.max(0, ...event.tasks.map((task) => task.id.length))
        return
      case "TaskStarted":
        this.#running.set(event.task, {
          id: event.task,
          attempt: event.attempt,
          startedAt: now,
          firstProgress: undefined,
          progress: undefined,
        })
        this.#lastPlain.set(event.task, now)
        return
      case "TaskProgress": {
        const task = this.#running.get(event.task)
        if (task === undefined) return
        const firstProgress = task.firstProgress ?? { at: now, done: event.done }
        this.#running.set(event.task, { ...task, firstProgress, progress: event })
        return
      }
      case "TaskSucceeded":
      case "TaskFailed":
      case "TaskCancelled":
      case "AttemptFailed":
        this.#running.delete(event.task)
        return
      default:
        return
    }
  }

  #lineFor(event: RunEvent): string | undefined {
    const { style } = this.#screen
    switch (event._tag) {
      case "RunStarted":
        return `${style.strong(event.pipeline)}  ${style.quiet(formatCount(event.tasks.length, "task"))}`
      case "TaskCached":
        return this.#line(style.quiet("✓"), event.task, style.quiet("cached"))
      case "TaskStarted":
        return this.#isPlain() ? this.#line("▸", event.task, beginning(event)) : undefined
      case "TaskProgress":
        return this.#plainProgress(event.task)
      case "TaskLog":
        return event.level === "warning"
          ? this.#line(style.warning("!"), event.task, style.warning(printable(event.message)))
          : undefined
      case "AttemptFailed":
        return this.#line(
          style.warning("↻"),
          event.task,
          `attempt ${event.attempt} failed, next in ${formatSeconds(event.wait)}: ${printable(event.failure.message)}`,
        )
      case "TaskSucceeded":
        return this.#line(style.good("✓"), event.task, formatSeconds(event.seconds))
      case "TaskFailed":
        return this.#failure(event.task, event.failure)
      case "TaskBlocked":
        return this.#line(style.quiet("–"), event.task, style.quiet(`not run: needs ${event.by.join(", ")}`))
      case "TaskCancelled":
        return this.#line(style.quiet("–"), event.task, style.quiet("cancelled"))
      default:
        return undefined
    }
  }

  #line(mark: string, task: string, text: string): string {
    return `${mark} ${task.padEnd(this.#nameWidth)}  ${text}`
  }

  #failure(task: string, failure: FailureReport): string {
    const { style } = this.#screen
    const lines = [
      this.#line(
        style.bad("✗"),
        task,
        `${style.bad("failed:")} ${printable(failure.message).replaceAll("\n", "\n    ")}`,
      ),
      `    at ${failure.location}`,
    ]
    if (failure.file !== undefined) lines.push(`    file ${failure.file}`)
    if (failure.hint !== undefined) lines.push(`    ${style.accent("hint:")} ${printable(failure.hint)}`)
    if (failure.log !== undefined) lines.push(style.quiet(`    log ${relative(process.cwd(), failure.log)}`))
    return lines.join("\n")
  }

  #isPlain(): boolean {
    return this.#screen.columns() === undefined
  }

  #plainProgress(id: string): string | undefined {
    const task = this.#running.get(id)
    const now = this.#screen.now()
    if (task === undefined || !this.#isPlain()) return undefined
    if (now - (this.#lastPlain.get(id) ?? now) < PLAIN_INTERVAL) return undefined
    this.#lastPlain.set(id, now)
    return this.#line("…", id, describeProgress(task, now, this.#screen.style))
  }

  #erase(): void {
    if (this.#drawn > 0) this.#screen.write(`\u001b[${this.#drawn}A\u001b[J`)
    this.#drawn = 0
  }

  #draw(): void {
    const columns = this.#screen.columns()
    if (columns === undefined) return
    const { now, style, write } = this.#screen
    for (const task of this.#running.values()) {
      write(`${fit(this.#line(style.accent("▸"), task.id, describeProgress(task, now(), style)), columns)}\n`)
    }
    this.#drawn = this.#running.size
  }
}
