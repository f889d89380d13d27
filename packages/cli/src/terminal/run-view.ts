import { relative } from "node:path"
import type { FailureReport, RunEvent } from "@diva-pipeline/core"
import { CachedTasks } from "./cached-tasks.ts"
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
  /** What is said of a task that begins, beside its name, whatever else is shown. */
  readonly explain?: (event: TaskStarted) => string | undefined
}

type TaskStarted = Extract<RunEvent, { readonly _tag: "TaskStarted" }>

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

const beginning = ({ attempt, reason }: TaskStarted): string =>
  attempt === 1 ? `started: ${printable(reason)}` : `started: attempt ${attempt}`

/**
 * A run as lines for people: finished tasks stay, running ones are redrawn below them with bar, rate and time left.
 * Without a terminal each task gets a line when it starts and ends, and one now and then in between. Cached tasks get a
 * line each while they are few, and are counted when they are many.
 */
export class RunView {
  readonly #screen: Screen
  readonly #running = new Map<string, RunningTask>()
  readonly #lastPlain = new Map<string, number>()
  readonly #cached: CachedTasks
  #nameWidth = 0
  #drawn = 0

  constructor(screen: Screen) {
    this.#screen = screen
    this.#cached = new CachedTasks(PLAIN_INTERVAL)
  }

  /** Shows an event. */
  show(event: RunEvent): void {
    if (event._tag === "TaskCached") {
      this.#cached.add(event.task)
      return
    }
    this.#follow(event)
    const line = this.#lineFor(event)
    this.#redraw(line, event._tag === "RunFinished")
  }

  /** Prints a line that is of no event. */
  say(line: string): void {
    this.#redraw(line)
  }

  /** Redraws the running tasks, for the clock to go on between events. */
  tick(): void {
    this.#redraw(undefined)
  }

  #redraw(line: string | undefined, isEnd = false): void {
    this.#erase()
    this.#tellCached(isEnd)
    if (line !== undefined) this.#screen.write(`${line}\n`)
    this.#draw()
  }

  #follow(event: RunEvent): void {
    const now = this.#screen.now()
    switch (event._tag) {
      case "RunStarted":
        this.#nameWidth = event.tasks.reduce((widest, { id }) => Math.max(widest, id.length), 0)
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
      case "TaskStarted":
        return this.#beginning(event)
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
        return this.#line(
          style.quiet("–"),
          event.task,
          style.quiet(`not run: needs ${printable(event.by.join(", "))}`),
        )
      case "TaskCancelled":
        return this.#line(style.quiet("–"), event.task, style.quiet("cancelled"))
      default:
        return undefined
    }
  }

  #line(mark: string, task: string, text: string): string {
    return `${mark} ${printable(task).padEnd(this.#nameWidth)}  ${text}`
  }

  #beginning(event: TaskStarted): string | undefined {
    const explained = this.#screen.explain?.(event)
    if (explained !== undefined) return this.#line("▸", event.task, explained)
    return this.#isPlain() ? this.#line("▸", event.task, beginning(event)) : undefined
  }

  /** Tells of the cached tasks of which nothing was said yet: of many, without a terminal, only now and then. */
  #tellCached(isEnd: boolean): void {
    const { style, write, now } = this.#screen
    const mark = style.quiet("✓")
    for (const task of this.#cached.takeNames()) write(`${this.#line(mark, task, style.quiet("cached"))}\n`)
    if (!isEnd && !this.#isPlain()) return
    const count = this.#cached.takeCount(now(), isEnd)
    if (count !== undefined) write(`${mark} ${style.quiet(count)}\n`)
  }

  #failure(task: string, failure: FailureReport): string {
    const { style } = this.#screen
    const lines = [
      this.#line(
        style.bad("✗"),
        task,
        `${style.bad("failed:")} ${printable(failure.message).replaceAll("\n", "\n    ")}`,
      ),
      `    at ${printable(failure.location)}`,
    ]
    if (failure.file !== undefined) lines.push(`    file ${printable(failure.file)}`)
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
    const count = this.#cached.untold
    if (count !== undefined) write(`${style.quiet(`✓ ${count}`)}\n`)
    for (const task of this.#running.values()) {
      write(`${fit(this.#line(style.accent("▸"), task.id, describeProgress(task, now(), style)), columns)}\n`)
    }
    this.#drawn = this.#running.size + (count === undefined ? 0 : 1)
  }
}
