import { STATUS_CODES } from "node:http"
import type { Dispatcher } from "undici"
import { FetchFault, faultOf, incompleteRead, timedOut } from "./fetch-fault.ts"

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2]

/** A server's answer; the body is there only for 200 to 299. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  readonly body: Uint8Array | undefined
}

/** What a transfer must keep to. */
export interface TransferLimits {
  /** Milliseconds without news. */
  readonly timeout: number
  /** When it must be over, in milliseconds of `performance.now`. */
  readonly deadline: number
  /** Bytes a second, in the mean, once `timeout` is over. */
  readonly minimumRate: number
  /** Bytes of the body. */
  readonly most: number
  /** Aborts when nobody needs it any longer. */
  readonly signal: AbortSignal
  /** Called when the answer begins. */
  readonly onAnswer: () => void
  /** Looks at the headers of a good answer before its body comes. */
  readonly refuse: (headers: Headers) => FetchFault | undefined
}

/** Bodies of errors and redirects are read so far, to keep the connection; then it is closed. */
const DRAINED = 64 * 1024
/** How often running transfers are looked at, in milliseconds. */
const LOOK = 100

/** Transfers that are running, and the clock that ends those that take too long or drip. */
export class Transfers {
  readonly #dispatcher: Dispatcher
  readonly #running = new Set<Transfer>()
  readonly #clock: NodeJS.Timeout

  constructor(dispatcher: Dispatcher) {
    this.#dispatcher = dispatcher
    this.#clock = setInterval(() => {
      const now = performance.now()
      for (const transfer of this.#running) transfer.check(now)
    }, LOOK)
    this.#clock.unref()
  }

  /** Asks for a resource. @throws FetchFault (as a rejection) */
  request(url: URL, headers: Record<string, string>, limits: TransferLimits): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const transfer = new Transfer(limits, (outcome) => {
        this.#running.delete(transfer)
        if (outcome instanceof FetchFault) reject(outcome)
        else resolve(outcome)
      })
      this.#running.add(transfer)
      try {
        this.#dispatcher.dispatch(
          {
            origin: url.origin,
            path: `${url.pathname}${url.search}`,
            method: "GET",
            headers,
            // The clock of the transfers is more exact.
            headersTimeout: 0,
            bodyTimeout: 0,
          },
          transfer,
        )
      } catch (cause) {
        transfer.fail(faultOf(cause))
      }
    })
  }

  async close(): Promise<void> {
    clearInterval(this.#clock)
    await this.#dispatcher.destroy()
  }
}

class Transfer implements Dispatcher.DispatchHandler {
  readonly #limits: TransferLimits
  readonly #finish: (outcome: Answer | FetchFault) => void
  #isOver = false
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #text = ""
  #headers: Headers = {}
  #pieces: Array<Uint8Array> = []
  #received = 0
  #bodyBegan = 0
  /** When the server last gave a sign of life, or was asked for one. */
  #heard = Number.POSITIVE_INFINITY

  constructor(limits: TransferLimits, finish: (outcome: Answer | FetchFault) => void) {
    this.#limits = limits
    this.#finish = finish
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#heard = performance.now()
    if (this.#isOver) controller.abort(timedOut())
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Headers,
    text?: string,
  ) {
    this.#heard = performance.now()
    // 100 to 199 announce the answer; they are not it.
    if (status < 200) return
    this.#limits.onAnswer()
    this.#status = status
    this.#headers = headers
    this.#text = text || (STATUS_CODES[status] ?? "")
    this.#bodyBegan = this.#heard
    if (!this.#isGood) return
    const expected = this.#expected
    const refusal =
      this.#limits.refuse(headers) ??
      (expected !== undefined && expected > this.#limits.most ? tooLarge(this.#limits.most) : undefined)
    if (refusal === undefined) return
    this.fail(refusal)
    controller.abort(refusal)
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#heard = performance.now()
    this.#received += piece.length
    if (this.#isGood) {
      if (this.#received > this.#limits.most) {
        const fault = tooLarge(this.#limits.most)
        this.fail(fault)
        controller.abort(fault)
      } else this.#pieces.push(piece)
    } else if (this.#received > DRAINED) {
      this.#end()
      controller.abort(timedOut())
    }
  }

  onResponseEnd(): void {
    this.#end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#status === 0) this.fail(faultOf(error))
    else if (!this.#isGood) this.#end()
    else {
      const fault = faultOf(error)
      this.fail(fault.kind === "interrupted" ? incompleteRead(this.#received, this.#expected) : fault)
    }
  }

  /** Ends the transfer when it has taken too long, is too slow, or is of no use. */
  check(now: number): void {
    const { deadline, timeout, minimumRate, signal } = this.#limits
    const bodyTime = this.#bodyBegan === 0 ? 0 : now - this.#bodyBegan
    const isSlow = bodyTime > timeout && (this.#received / bodyTime) * 1000 < minimumRate
    if (now < deadline && now - this.#heard <= timeout && !isSlow && !signal.aborted) return
    const fault = timedOut()
    if (this.#status !== 0 && !this.#isGood) this.#end()
    else this.fail(fault)
    this.#controller?.abort(fault)
  }

  fail(fault: FetchFault): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#pieces = []
    this.#finish(fault)
  }

  get #isGood(): boolean {
    return this.#status >= 200 && this.#status < 300
  }

  get #expected(): number | undefined {
    const length = this.#headers["content-length"]
    return typeof length === "string" && /^\d+$/.test(length) ? Number(length) : undefined
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    const body = this.#isGood ? joined(this.#pieces, this.#received) : undefined
    this.#pieces = []
    this.#finish({ status: this.#status, text: this.#text, headers: this.#headers, body })
  }
}

/** One array with memory of its own, so that it can be handed to another thread. */
const joined = (pieces: ReadonlyArray<Uint8Array>, length: number): Uint8Array => {
  const whole = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const tooLarge = (most: number): FetchFault =>
  new FetchFault(`<urlopen error the response is larger than ${most} bytes>`, "too large")
