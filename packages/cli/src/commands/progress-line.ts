import { formatCount, formatRate, formatSeconds } from "../terminal/index.ts"

/** How far something is. */
export interface LineProgress {
  readonly done: number
  readonly total?: number
  readonly unit: string
  readonly detail?: string
}

/** Where a line is written, as `process.stderr`. */
export interface LineStream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly write: (text: string) => unknown
}

/** How often the line is written anew, on a terminal and elsewhere, in milliseconds. */
const TERMINAL = 200
const ELSEWHERE = 10_000
/** The span over which the rate is taken. */
const SPAN = 5000

/** One line that tells how far a download is: kept moving on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  readonly #stream: LineStream
  readonly #every: number
  readonly #began: number
  readonly #marks: Array<{ readonly time: number; readonly done: number }> = []
  #shown: number
  #first: number | undefined
  #isOpen = false

  constructor(stream: LineStream, now: number) {
    this.#stream = stream
    this.#every = stream.isTTY === true ? TERMINAL : ELSEWHERE
    this.#began = now
    this.#shown = now
  }

  show(progress: LineProgress): void {
    const now = Date.now()
    this.#first ??= progress.done
    if (now - this.#shown < this.#every) return
    this.#shown = now
    this.#marks.push({ time: now, done: progress.done })
    while (this.#marks.length > 2 && now - (this.#marks[0]?.time ?? now) > SPAN) this.#marks.shift()
    const text = this.#text(progress, now)
    if (this.#stream.isTTY === true) {
      this.#stream.write(`\r\u001b[K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`)
      this.#isOpen = true
    } else this.#stream.write(`${text}\n`)
  }

  /** Writes a line of its own. */
  say(text: string): void {
    this.end()
    this.#stream.write(`${text}\n`)
  }

  end(): void {
    if (this.#isOpen) this.#stream.write("\r\u001b[K")
    this.#isOpen = false
  }

  #text({ done, total, unit, detail }: LineProgress, now: number): string {
    const mark = this.#marks[0] ?? { time: this.#began, done: this.#first ?? 0 }
    const isLone = this.#marks.length < 2
    const [since, before] = isLone ? [this.#began, this.#first ?? 0] : [mark.time, mark.done]
    const rate = ((done - before) / Math.max(1, now - since)) * 1000
    const parts = [
      total === undefined ? formatCount(done, unit) : `${done}/${total} ${unit}`,
      `${formatRate(rate)}/s`,
      ...(total !== undefined && rate > 0 ? [`${formatSeconds((total - done) / rate)} left`] : []),
      ...(detail === undefined ? [] : [detail]),
    ]
    return parts.join("  ")
  }
}
