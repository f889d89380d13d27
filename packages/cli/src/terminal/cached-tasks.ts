import { formatCount } from "./quantities.ts"

/** Cached tasks that get a line each. */
const MOST_NAMED = 50

/** Cached tasks on their way to the screen: their names as long as they are few, then only their number. */
export class CachedTasks {
  readonly #interval: number
  #names: Array<string> = []
  #named = 0
  #untold = 0
  #toldAt: number | undefined

  /** @param interval milliseconds between two counts of a run that goes on */
  constructor(interval: number) {
    this.#interval = interval
  }

  add(task: string): void {
    if (this.#untold === 0 && this.#named + this.#names.length < MOST_NAMED) {
      this.#names.push(task)
      return
    }
    // Too many: those that were not named yet never will be.
    this.#untold += this.#names.length + 1
    this.#names = []
    this.#named = MOST_NAMED
  }

  /** The names that are to be shown now. */
  takeNames(): ReadonlyArray<string> {
    const names = this.#names
    this.#names = []
    this.#named += names.length
    return names
  }

  /** How many there are that nothing was said of, in words. */
  get untold(): string | undefined {
    return this.#untold === 0 ? undefined : `${formatCount(this.#untold, "task")} cached`
  }

  /** As `untold`, when it is time to say it; then it is said. */
  takeCount(now: number, isEnd: boolean): string | undefined {
    const isTime = this.#toldAt === undefined || now - this.#toldAt >= this.#interval
    const { untold } = this
    if (untold === undefined || !(isTime || isEnd)) return undefined
    this.#untold = 0
    this.#toldAt = now
    return untold
  }
}
