/** So many may be inside at a time; others wait, in their order. */
export class Slots {
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor(count: number) {
    this.#free = count
  }

  /** Undefined when there is a free slot. */
  enter(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free -= 1
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }

  /** Lets everybody in from now on. */
  open(): void {
    this.#free = Number.POSITIVE_INFINITY
    for (const enter of this.#waiting.splice(0)) enter()
  }
}
