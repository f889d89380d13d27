import { STATUS_CODES } from "node:http"
import { Predicate } from "effect"

/** What kind of thing went wrong: what the summary counts. */
export type FaultClass =
  | "address"
  | "name"
  | "connection"
  | "certificate"
  | "timeout"
  | "interrupted"
  | "status 4xx"
  | "status 5xx"
  | "status other"
  | "redirect"
  | "refused by robots"
  | "too large"
  | "not allowed"
  | "file"

/** Why the bytes behind a URL did not come. */
export class FetchFault extends Error {
  readonly kind: FaultClass
  /** Whether the same request may succeed a little later. */
  readonly isTransient: boolean
  /** Whether there was no connection to any server at all, which may mean that the network is gone. */
  readonly isUnreachable: boolean
  /** Milliseconds the server asks us to wait. */
  readonly retryAfter: number | undefined

  /** @param message in img2dataset's words, where it has any */
  constructor(
    message: string,
    kind: FaultClass,
    about: { isTransient?: boolean; isUnreachable?: boolean; retryAfter?: number | undefined } = {},
  ) {
    super(message)
    this.name = "FetchFault"
    this.kind = kind
    this.isTransient = about.isTransient ?? false
    this.isUnreachable = about.isUnreachable ?? false
    this.retryAfter = about.retryAfter
  }
}

interface Known {
  readonly words: string
  readonly kind: FaultClass
  readonly isTransient: boolean
}

const known = (words: string, kind: FaultClass, isTransient = true): Known => ({ words, kind, isTransient })
const urlopen = (words: string): string => `<urlopen error ${words}>`

/** What Python says of the codes of Node and undici, whatever the machine. */
const KNOWN: Readonly<Record<string, Known>> = {
  ECONNREFUSED: known(urlopen("[Errno 111] Connection refused"), "connection", false),
  ENOTFOUND: known(urlopen("[Errno -2] Name or service not known"), "name", false),
  ENODATA: known(urlopen("[Errno -2] Name or service not known"), "name", false),
  EBADNAME: known(urlopen("[Errno -2] Name or service not known"), "name", false),
  EAI_AGAIN: known(urlopen("[Errno -3] Temporary failure in name resolution"), "name"),
  ESERVFAIL: known(urlopen("[Errno -3] Temporary failure in name resolution"), "name"),
  ETIMEOUT: known(urlopen("[Errno -3] Temporary failure in name resolution"), "name"),
  EREFUSED: known(urlopen("[Errno -3] Temporary failure in name resolution"), "name"),
  ENETUNREACH: known(urlopen("[Errno 101] Network is unreachable"), "connection"),
  EHOSTUNREACH: known(urlopen("[Errno 113] No route to host"), "connection"),
  ENETDOWN: known(urlopen("[Errno 100] Network is down"), "connection"),
  ETIMEDOUT: known(urlopen("timed out"), "connection"),
  UND_ERR_CONNECT_TIMEOUT: known(urlopen("timed out"), "connection"),
  UND_ERR_SOCKET: known("Remote end closed connection without response", "interrupted"),
  UND_ERR_INFO: known("Remote end closed connection without response", "interrupted"),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: known("IncompleteRead", "interrupted"),
  UND_ERR_HEADERS_OVERFLOW: known("got more than 65536 bytes when reading header line", "interrupted", false),
  ECONNRESET: known("[Errno 104] Connection reset by peer", "interrupted"),
  EPIPE: known("[Errno 32] Broken pipe", "interrupted"),
  ERR_HTTP2_STREAM_ERROR: known("Remote end closed connection without response", "interrupted"),
  ERR_HTTP2_SESSION_ERROR: known("Remote end closed connection without response", "interrupted"),
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ALTNAME/
const TLS = /^(ERR_SSL|ERR_TLS|EPROTO)/

/** Connections that were never made, for reasons that may be this machine's own. */
const isUnreachable = ({ kind, isTransient }: Known): boolean =>
  isTransient && (kind === "connection" || kind === "name")

/** The fault behind whatever undici or Node threw. */
export const faultOf = (cause: unknown): FetchFault => {
  if (cause instanceof FetchFault) return cause
  const code = codeOf(cause)
  const found = code === undefined ? undefined : KNOWN[code]
  if (found !== undefined)
    return new FetchFault(found.words, found.kind, {
      isTransient: found.isTransient,
      isUnreachable: isUnreachable(found),
    })
  const words = wordsOf(cause)
  if (code !== undefined && CERTIFICATE.test(code))
    return new FetchFault(
      urlopen(`[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: ${words}`),
      "certificate",
    )
  if (code !== undefined && TLS.test(code)) return new FetchFault(urlopen(`[SSL] ${code}`), "certificate")
  if (code?.startsWith("HPE_") === true)
    return new FetchFault(`the server's answer is not HTTP: ${words}`, "interrupted")
  return new FetchFault(urlopen(words), "interrupted")
}

const wordsOf = (cause: unknown): string =>
  (cause instanceof Error && cause.message !== "" ? cause.message : String(cause)).split("\n", 1)[0] ?? ""

/** Errors of several attempts (one an address) come as an AggregateError: its first code stands for all. */
const codeOf = (cause: unknown): string | undefined => {
  const own = Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : undefined
  if (own !== undefined && own in KNOWN) return own
  const inner = [
    ...(cause instanceof AggregateError ? cause.errors : []),
    ...(cause instanceof Error && cause.cause !== undefined ? [cause.cause] : []),
  ]
  for (const error of inner) {
    const code = codeOf(error)
    if (code !== undefined) return code
  }
  return own
}

/** Answers that may be another one a little later. */
const TRANSIENT_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504])

/** The fault that a server's answer means. */
export const statusFault = (code: number, text: string, retryAfter: number | undefined): FetchFault =>
  new FetchFault(
    `HTTP Error ${code}: ${text || (STATUS_CODES[code] ?? "")}`,
    code >= 500 ? "status 5xx" : code >= 400 ? "status 4xx" : "status other",
    { isTransient: TRANSIENT_STATUSES.has(code), retryAfter },
  )

/** More redirects than any honest server needs. */
export const redirectLoop = (code: number, text: string): FetchFault =>
  new FetchFault(
    `HTTP Error ${code}: The HTTP server returned a redirect error that would lead to an infinite loop.\nThe last 30x error message was:\n${text}`,
    "redirect",
  )

/** A body that ended before it should. */
export const incompleteRead = (received: number, expected: number | undefined): FetchFault =>
  new FetchFault(
    `IncompleteRead(${received} bytes read${expected === undefined ? "" : `, ${expected - received} more expected`})`,
    "interrupted",
    { isTransient: true },
  )

/** A URL that cannot be asked for. */
export const addressFault = (message: string): FetchFault => new FetchFault(message, "address")

/** An address that is not a public one. */
export const privateAddressFault = (address: string): FetchFault =>
  new FetchFault(
    urlopen(`the address ${address} is not public (allow-private-addresses permits that)`),
    "not allowed",
  )

/** No news for too long, or too little of it. */
export const timedOut = (): FetchFault => new FetchFault("timed out", "timeout", { isTransient: true })
