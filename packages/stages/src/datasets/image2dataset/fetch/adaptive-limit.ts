/** Where it begins, and below what it never goes. */
const FIRST = 64
const LEAST = 16
/** Part of the transfers that may time out before there are fewer at a time. */
const MANY_TIMEOUTS = 0.3

/**
 * How many downloads at a time are good: more as long as nothing speaks against it, fewer when many of them time out
 * (the line is full) or images wait for a processor (the cores are).
 */
export class AdaptiveLimit {
  readonly #most: number
  readonly #isBusy: () => boolean
  #current: number
  #seen = 0
  #timeouts = 0

  /** @param isBusy whether what comes in cannot be kept up with */
  constructor(most: number, isBusy: () => boolean) {
    this.#most = most
    this.#isBusy = isBusy
    this.#current = Math.min(FIRST, most)
  }

  get current(): number {
    return this.#current
  }

  /** Takes into account how a transfer ended. */
  record(hasTimedOut: boolean): void {
    this.#seen += 1
    if (hasTimedOut) this.#timeouts += 1
    if (this.#seen < this.#current) return
    const isCrowded = this.#timeouts > MANY_TIMEOUTS * this.#seen
    if (isCrowded) this.#current = Math.max(Math.min(LEAST, this.#most), Math.floor(this.#current * 0.7))
    else if (!this.#isBusy()) this.#current = Math.min(this.#most, Math.ceil(this.#current * 1.5))
    this.#seen = 0
    this.#timeouts = 0
  }
}
