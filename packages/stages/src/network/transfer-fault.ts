import { Data, Predicate } from "effect"

/** What kind of thing went wrong with a transfer. */
export type TransferFaultKind =
  /** No connection: the name is unknown, or nobody answers there. */
  | "unreachable"
  /** A connection, but no word in time. */
  | "timeout"
  /** The connection ended before the response did. */
  | "interrupted"
  /** The server answered with an error. */
  | "status"
  /** The address, the redirects or the response are not acceptable. */
  | "refused"

/** Why a transfer failed. */
export class TransferFault extends Data.TaggedError("TransferFault")<{
  readonly kind: TransferFaultKind
  /** In words for people, without the address. */
  readonly message: string
  /** Whether the same request may succeed a little later. */
  readonly transient: boolean
  /** The system's or undici's code, such as `ECONNREFUSED`. */
  readonly code?: string
  /** The server's answer. */
  readonly status?: { readonly code: number; readonly text: string }
  /** What the server itself calls its error (`X-Error-Code`), such as `GatedRepo`. */
  readonly errorCode?: string
  /** Milliseconds the server asks us to wait. */
  readonly retryAfter?: number
  /** How much of the body came, where the connection ended within it. */
  readonly received?: { readonly bytes: number; readonly expected: number | undefined }
}> {}

/** Kind, words and whether it may pass, by the code of Node or undici. */
const KNOWN: Readonly<Record<string, readonly [TransferFaultKind, string, transient: boolean]>> = {
  ECONNREFUSED: ["unreachable", "connection refused", true],
  ENOTFOUND: ["unreachable", "the host's name is not known", false],
  EAI_AGAIN: ["unreachable", "the host's name could not be looked up", true],
  ENETUNREACH: ["unreachable", "the network is unreachable", true],
  EHOSTUNREACH: ["unreachable", "no route to the host", true],
  ENETDOWN: ["unreachable", "the network is down", true],
  UND_ERR_CONNECT_TIMEOUT: ["unreachable", "the host did not answer in time", true],
  ETIMEDOUT: ["unreachable", "the host did not answer in time", true],
  UND_ERR_HEADERS_TIMEOUT: ["timeout", "the server did not answer in time", true],
  UND_ERR_BODY_TIMEOUT: ["timeout", "the server stopped sending", true],
  ECONNRESET: ["interrupted", "the connection was reset", true],
  EPIPE: ["interrupted", "the connection was closed", true],
  UND_ERR_SOCKET: ["interrupted", "the server closed the connection", true],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ["interrupted", "the response was cut short", true],
  UND_ERR_HEADERS_OVERFLOW: ["refused", "the response's headers are too large", false],
}

/** The fault behind whatever undici or Node threw. */
export const faultOf = (cause: unknown): TransferFault => {
  if (cause instanceof TransferFault) return cause
  const code = codeOf(cause)
  const known = code === undefined ? undefined : KNOWN[code]
  const message = cause instanceof Error && cause.message !== "" ? cause.message : String(cause)
  return new TransferFault({
    kind: known?.[0] ?? "refused",
    message: known?.[1] ?? message,
    transient: known?.[2] ?? false,
    ...(code !== undefined && { code }),
  })
}

/** Errors of several attempts (one an address) come as an AggregateError: its first code stands for all. */
const codeOf = (cause: unknown): string | undefined => {
  if (Predicate.hasProperty(cause, "code") && typeof cause.code === "string" && cause.code in KNOWN)
    return cause.code
  const inner = [
    ...(cause instanceof AggregateError ? cause.errors : []),
    ...(cause instanceof Error && cause.cause !== undefined ? [cause.cause] : []),
  ]
  for (const error of inner) {
    const code = codeOf(error)
    if (code !== undefined) return code
  }
  return Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : undefined
}
