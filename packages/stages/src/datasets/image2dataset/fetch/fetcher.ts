import { Effect, type Scope } from "effect"
import { parseRetryAfter } from "../../../network/index.ts"
import type { FetchOptions } from "../options.ts"
import { AdaptiveLimit } from "./adaptive-limit.ts"
import { type AttemptWatch, type FetchPatience, persistently } from "./attempts.ts"
import { openConnections } from "./connections.ts"
import { addressFault, FetchFault, faultOf, redirectLoop, statusFault, timedOut } from "./fetch-fault.ts"
import { HostGate } from "./host-gate.ts"
import { isFileAddress, readLocalFile, schemeOf } from "./local-file.ts"
import { isDisallowed } from "./robots-header.ts"
import { RobotsFiles } from "./robots-txt.ts"
import { type Answer, type TransferLimits, Transfers } from "./transfer.ts"

/** What a fetcher needs beside the options. */
export interface FetchPlace {
  /** Where relative addresses begin. */
  readonly folder: string
  readonly patience?: FetchPatience
  /**
   * Whether what comes in cannot be kept up with; when it no longer is, `resume` must be called. More may come in while
   * addresses are silent.
   */
  readonly isBusy?: (isAnySilent: boolean) => boolean
}

const DEFAULT_PATIENCE: FetchPatience = { delay: 500, longest: 30_000 }
/** As Python's urllib. */
const MOST_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const AGENT = "diva-pipeline"
/** What the gate calls the host of files. */
const THIS_MACHINE = ""
const USER_AGENT = `${AGENT}/0.1`
/** Milliseconds of silence, for each second of the time limit, after which a request may be overtaken. */
const SILENCE = 1000 / 5
/** Who asks for `robots.txt` has nobody who would ask beside it. */
const UNWATCHED: AttemptWatch = { before: 0, signal: new AbortController().signal, onOvertaken: () => {} }

/** A fetcher whose connections close with the scope. */
export const makeFetcher = (
  options: FetchOptions,
  place: FetchPlace,
): Effect.Effect<Fetcher, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Fetcher(options, place)),
    (fetcher) => Effect.promise(() => fetcher.close()),
  )

/** Gets the bytes behind http, https and file addresses, and behind paths relative to the list. */
export class Fetcher {
  readonly #options: FetchOptions
  readonly #place: FetchPlace
  readonly #patience: FetchPatience
  readonly #transfers: Transfers
  readonly #isBusy: () => boolean
  readonly #limit: AdaptiveLimit
  readonly #gate: HostGate
  readonly #robots: RobotsFiles | undefined
  readonly #headers: Record<string, string>
  readonly #closing = new AbortController()

  constructor(options: FetchOptions, place: FetchPlace) {
    const { userAgentToken: token } = options
    this.#options = options
    this.#place = place
    this.#patience = place.patience ?? DEFAULT_PATIENCE
    this.#transfers = new Transfers(openConnections(options))
    this.#isBusy = () => place.isBusy?.(this.#gate.silent > 0) ?? false
    this.#limit = new AdaptiveLimit(options.threadCount, this.#isBusy)
    this.#gate = new HostGate({
      most: () => (this.#isBusy() ? 0 : this.#limit.current),
      mostInAll: options.threadCount,
      mostPerHost: options.connectionsPerHost,
      mostSilentPerHost: options.silentConnectionsPerHost,
      silence: options.timeout * SILENCE,
      perSecond: options.requestsPerHost,
    })
    this.#headers = {
      "user-agent": token === undefined ? USER_AGENT : `${USER_AGENT} (compatible; ${token})`,
      accept: "image/*,*/*;q=0.8",
      "accept-encoding": "identity",
    }
    if (options.respectRobotsTxt)
      this.#robots = new RobotsFiles(token ?? AGENT, (url) => this.#follow(url, UNWATCHED))
  }

  /** Begins again after having been busy. */
  resume(): void {
    this.#gate.advance()
  }

  /** @throws FetchFault (as a rejection) */
  async fetch(address: string): Promise<Uint8Array> {
    const scheme = schemeOf(address)
    if (address === "") throw addressFault("unknown url type: ''")
    if (isFileAddress(address)) return this.#readFile(address)
    if (scheme !== "http" && scheme !== "https")
      throw addressFault(`<urlopen error unknown url type: ${scheme}>`)
    if (!URL.canParse(address)) throw addressFault("<urlopen error the address is not valid>")
    const url = new URL(address)
    if (this.#robots !== undefined && !(await this.#robots.allows(url)))
      throw new FetchFault("Use of image disallowed by robots.txt", "refused by robots")
    const { retries } = this.#options
    return persistently((watch) => this.#once(url, watch), retries, this.#patience, this.#closing.signal)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#gate.close()
    await this.#transfers.close()
  }

  async #readFile(address: string): Promise<Uint8Array> {
    const place = await this.#gate.enter(THIS_MACHINE)
    try {
      return await readLocalFile(address, {
        folder: this.#place.folder,
        allowFiles: this.#options.allowFiles,
        limit: this.#options.maxBodySize,
      })
    } finally {
      this.#gate.leave(place)
    }
  }

  async #once(url: URL, watch: AttemptWatch): Promise<Uint8Array> {
    let hasTimedOut = false
    try {
      const answer = await this.#follow(url, watch)
      if (answer.body !== undefined) return answer.body
      const wait = headerOf(answer, "retry-after")
      throw statusFault(answer.status, answer.text, parseRetryAfter(wait, Date.now()))
    } catch (cause) {
      hasTimedOut = cause instanceof FetchFault && cause.kind === "timeout" && !watch.signal.aborted
      throw cause
    } finally {
      this.#limit.record(hasTimedOut)
    }
  }

  /**
   * Follows redirects. Each request has its own place at the gate of its host; waiting for one is nobody's slowness. User
   * name and password of an address go to its own server only.
   */
  async #follow(first: URL, watch: AttemptWatch): Promise<Answer> {
    let url = first
    let waited = 0
    const asked = performance.now()
    for (let redirects = 0; ; redirects++) {
      const arrived = performance.now()
      const place = await this.#gate.enter(url.host, watch.before > 0 || redirects > 0, watch.onOvertaken)
      waited += performance.now() - arrived
      if (watch.signal.aborted) {
        this.#gate.leave(place)
        throw timedOut()
      }
      const limits = this.#limits(asked + waited, watch.signal, () => this.#gate.answer(place))
      // Its connection is free only when this turn of the event loop is over.
      const answer = await this.#ask(url, limits).finally(() => setImmediate(() => this.#gate.leave(place)))
      const location = headerOf(answer, "location")
      if (!REDIRECTS.has(answer.status) || location === undefined) return answer
      if (redirects === MOST_REDIRECTS) throw redirectLoop(answer.status, answer.text)
      url = redirectTarget(location, url, answer)
    }
  }

  #limits(begun: number, signal: AbortSignal, onAnswer: () => void): TransferLimits {
    const { timeout, totalTimeout, minimumRate, maxBodySize } = this.#options
    return {
      timeout: timeout * 1000,
      deadline: begun + totalTimeout * 1000,
      minimumRate,
      most: maxBodySize,
      signal,
      onAnswer,
      refuse: (headers) => {
        const { disallowedHeaderDirectives, userAgentToken } = this.#options
        const value = headers["x-robots-tag"]
        if (value === undefined) return undefined
        const lines = typeof value === "string" ? [value] : value
        return isDisallowed(lines, disallowedHeaderDirectives, userAgentToken) ? disallowed() : undefined
      },
    }
  }

  /** A kept connection may be closed by the server while a request is on its way: that one is asked again. */
  async #ask(url: URL, limits: TransferLimits): Promise<Answer> {
    const headers = { ...this.#headers, ...basicAuthorization(url) }
    try {
      return await this.#transfers.request(url, headers, limits)
    } catch (cause) {
      const fault = faultOf(cause)
      if (fault.message !== "Remote end closed connection without response") throw fault
      return this.#transfers.request(url, headers, limits)
    }
  }
}

const disallowed = (): FetchFault =>
  new FetchFault("Use of image disallowed by X-Robots-Tag directive", "refused by robots")

const headerOf = ({ headers }: Answer, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === "string" ? value : value?.[0]
}

const basicAuthorization = (url: URL): Record<string, string> => {
  if (url.username === "" && url.password === "") return {}
  const login = `${decoded(url.username)}:${decoded(url.password)}`
  return { authorization: `Basic ${Buffer.from(login).toString("base64")}` }
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const redirectTarget = (location: string, from: URL, { status, text }: Answer): URL => {
  const target = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined
  if (target?.protocol === "http:" || target?.protocol === "https:") return target
  throw new FetchFault(
    `HTTP Error ${status}: ${text} - Redirection to '${location}' is not allowed`,
    "redirect",
  )
}
