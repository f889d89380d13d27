/** How many requests may run, in all and for one host. */
export interface GateLimits {
  /** In all; read anew each time, for it may change. */
  readonly most: () => number
  readonly mostPerHost: number
  /** Requests to one host a second. */
  readonly perSecond: number | undefined
}

interface Host {
  running: number
  readonly waiting: Array<() => void>
  /** When its next request may begin, in milliseconds of `performance.now`. */
  next: number
}

/**
 * Lets requests begin, host by host in turn, so that one with many URLs does not keep the others waiting. Hosts of which
 * nothing runs or waits are forgotten.
 */
export class HostGate {
  readonly #limits: GateLimits
  readonly #hosts = new Map<string, Host>()
  /** Hosts with waiting requests, in the order in which they are looked at. */
  readonly #turns = new Set<string>()
  #running = 0
  #alarm: NodeJS.Timeout | undefined

  constructor(limits: GateLimits) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  /** Resolves when a request to the host may begin; `leave` must follow. */
  enter(name: string): Promise<void> {
    const host = this.#hosts.get(name) ?? { running: 0, waiting: [], next: 0 }
    this.#hosts.set(name, host)
    return new Promise((resolve) => {
      host.waiting.push(resolve)
      this.#turns.add(name)
      this.#advance()
    })
  }

  leave(name: string): void {
    const host = this.#hosts.get(name)
    if (host === undefined) return
    this.#running -= 1
    host.running -= 1
    if (host.waiting.length > 0) this.#turns.add(name)
    else this.#forget(name, host)
    this.#advance()
  }

  /** Looks again whether requests may begin. */
  advance(): void {
    this.#advance()
  }

  close(): void {
    clearTimeout(this.#alarm)
  }

  #advance(): void {
    const { most, mostPerHost, perSecond } = this.#limits
    const now = performance.now()
    let soonest = Number.POSITIVE_INFINITY
    // A host that may begin stands last afterwards, and so is met again in this very loop.
    for (const name of this.#turns) {
      if (this.#running >= most()) return
      const host = this.#hosts.get(name)
      // A host that is full comes back when one of its requests ends.
      if (host === undefined || host.waiting.length === 0 || host.running >= mostPerHost) {
        this.#turns.delete(name)
        continue
      }
      if (host.next > now) {
        soonest = Math.min(soonest, host.next)
        continue
      }
      const begin = host.waiting.shift()
      this.#turns.delete(name)
      if (host.waiting.length > 0) this.#turns.add(name)
      host.running += 1
      this.#running += 1
      if (perSecond !== undefined) host.next = Math.max(now, host.next) + 1000 / perSecond
      begin?.()
    }
    if (soonest !== Number.POSITIVE_INFINITY) this.#wake(soonest - now)
  }

  #wake(milliseconds: number): void {
    clearTimeout(this.#alarm)
    this.#alarm = setTimeout(() => this.#advance(), milliseconds + 1)
  }

  #forget(name: string, host: Host): void {
    if (host.running === 0 && host.waiting.length === 0 && host.next <= performance.now())
      this.#hosts.delete(name)
  }
}
