/** How many requests may run, in all and for one host. */
export interface GateLimits {
  /** Without those that are set aside; read anew each time, for it may change. */
  readonly most: () => number
  /** With them. */
  readonly mostInAll: number
  readonly mostPerHost: number
  /** Requests to one host that may be set aside; 0 for none. */
  readonly mostSilentPerHost: number
  /** Milliseconds after which a request without an answer may be set aside. */
  readonly silence: number
  /** Requests to one host a second. */
  readonly perSecond: number | undefined
}

interface Host {
  readonly name: string
  /** Those that are set aside too. */
  running: number
  silent: number
  readonly waiting: Array<() => void>
  /** When its next request may begin, in milliseconds of `performance.now`. */
  next: number
  /** The number of the latest request that was answered soon. */
  answered: number
}

/** A request that runs. */
export interface Place {
  readonly host: Host
  readonly number: number
  readonly began: number
  readonly onOvertaken: () => void
  isSilent: boolean
}

/** How often requests without an answer are looked at, in milliseconds. */
const LOOK = 100

/**
 * Lets requests begin, host by host in turn, so that one with many URLs does not keep the others waiting. Hosts of which
 * nothing runs or waits are forgotten.
 *
 * A request that its host leaves without an answer, while it soon answers others that came later, is overtaken: it is
 * set aside, and another may begin in its place. A host that is slow with all of them has not overtaken any.
 */
export class HostGate {
  readonly #limits: GateLimits
  readonly #hosts = new Map<string, Host>()
  /** Hosts with waiting requests, in the order in which they are looked at. */
  readonly #turns = new Set<Host>()
  /** Hosts that are kept for their `next` alone. */
  readonly #resting = new Set<Host>()
  /** Requests without an answer that are not set aside, the oldest first. */
  readonly #asked = new Set<Place>()
  readonly #clock: NodeJS.Timeout
  #running = 0
  #silent = 0
  #number = 0
  #alarm: NodeJS.Timeout | undefined

  constructor(limits: GateLimits) {
    this.#limits = limits
    this.#clock = setInterval(() => this.#look(performance.now()), LOOK)
    this.#clock.unref()
  }

  /**
   * Resolves when a request to the host may begin; `leave` must follow.
   * @param isNext whether it goes before those that wait: it continues what has begun
   */
  enter(name: string, isNext = false, onOvertaken: () => void = () => {}): Promise<Place> {
    const host = this.#host(name)
    return new Promise((resolve) => {
      const begin = () => resolve(this.#place(host, onOvertaken))
      if (isNext) host.waiting.unshift(begin)
      else host.waiting.push(begin)
      this.#turns.add(host)
      this.#advance()
    })
  }

  /** Tells that the answer has begun. */
  answer(place: Place): void {
    this.#asked.delete(place)
    const { host, number, began } = place
    if (performance.now() - began < this.#limits.silence) host.answered = Math.max(host.answered, number)
  }

  leave(place: Place): void {
    const { host } = place
    this.#asked.delete(place)
    this.#running -= 1
    host.running -= 1
    if (place.isSilent) {
      this.#silent -= 1
      host.silent -= 1
    }
    if (host.waiting.length > 0) this.#turns.add(host)
    else if (host.running === 0) this.#resting.add(host)
    this.#advance()
  }

  /** How many requests are set aside. */
  get silent(): number {
    return this.#silent
  }

  /** Looks again whether requests may begin. */
  advance(): void {
    this.#advance()
  }

  close(): void {
    clearTimeout(this.#alarm)
    clearInterval(this.#clock)
  }

  #host(name: string): Host {
    const known = this.#hosts.get(name)
    const host = known ?? { name, running: 0, silent: 0, waiting: [], next: 0, answered: -1 }
    if (known === undefined) this.#hosts.set(name, host)
    else this.#resting.delete(host)
    return host
  }

  #place(host: Host, onOvertaken: () => void): Place {
    const place = { host, number: this.#number++, began: performance.now(), onOvertaken, isSilent: false }
    this.#asked.add(place)
    return place
  }

  #advance(): void {
    const { most, mostInAll, mostPerHost, perSecond } = this.#limits
    const now = performance.now()
    let soonest = Number.POSITIVE_INFINITY
    // A host that may begin stands last afterwards, and so is met again in this very loop.
    for (const host of this.#turns) {
      if (this.#running - this.#silent >= most() || this.#running >= mostInAll) return
      // A host that is full comes back when one of its requests ends, or is set aside.
      if (host.waiting.length === 0 || host.running - host.silent >= mostPerHost) {
        this.#turns.delete(host)
        continue
      }
      if (host.next > now) {
        soonest = Math.min(soonest, host.next)
        continue
      }
      const begin = host.waiting.shift()
      this.#turns.delete(host)
      if (host.waiting.length > 0) this.#turns.add(host)
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

  #look(now: number): void {
    for (const place of this.#asked) {
      if (now - place.began < this.#limits.silence) break
      const { host } = place
      if (host.answered < place.number || host.silent >= this.#limits.mostSilentPerHost) continue
      this.#asked.delete(place)
      place.isSilent = true
      host.silent += 1
      this.#silent += 1
      if (host.waiting.length > 0) this.#turns.add(host)
      place.onOvertaken()
    }
    this.#advance()
    for (const host of this.#resting) {
      if (host.next > now) continue
      this.#resting.delete(host)
      this.#hosts.delete(host.name)
    }
  }
}
