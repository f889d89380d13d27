import { STATUS_CODES } from "node:http"
import type { Readable } from "node:stream"
import { Effect, type Scope } from "effect"
import type { Dispatcher } from "undici"
import { parseRetryAfter } from "./retry.ts"
import { maskAddress } from "./secrets.ts"
import { faultOf, TransferFault } from "./transfer-fault.ts"

/** What is asked for. */
export interface TransferRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds to wait for the headers, and between two pieces of the body. */
  readonly timeout: number
}

/** A response whose body has not been read. */
export interface TransferResponse {
  readonly status: number
  /** One value a line of the header; names in lower case. */
  readonly header: (name: string) => ReadonlyArray<string>
  readonly headerNames: ReadonlyArray<string>
  readonly body: Readable
  /** Where redirects have led. */
  readonly url: URL
}

/** Redirects that are followed, as Python's urllib does. */
const MOST_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** Answers that may be another one a little later. */
const TRANSIENT_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Asks for a resource and follows redirects; the body is closed with the scope. User name and password of an address,
 * and an `authorization` header, go to the first server only. Redirects away from http and https are refused.
 */
export const openResponse = Effect.fnUntraced(function* (
  agent: Dispatcher,
  { url: first, headers, timeout }: TransferRequest,
): Effect.fn.Return<TransferResponse, TransferFault, Scope.Scope> {
  let url = first
  for (let redirects = 0; ; redirects++) {
    const response = yield* ask(
      agent,
      url,
      url.origin === first.origin ? headers : anonymous(headers),
      timeout,
    )
    const location = response.header("location")[0]
    if (!REDIRECTS.has(response.status) || location === undefined) {
      if (response.status >= 200 && response.status < 300) return response
      const { status, text, header } = response
      return yield* statusFault(status, text, header("retry-after")[0], header("x-error-code")[0])
    }
    if (redirects === MOST_REDIRECTS) return yield* redirectLoop(response.status, response.text)
    url = yield* redirectTarget(location, url, response.status, response.text)
  }
})

const ask = Effect.fnUntraced(function* (
  agent: Dispatcher,
  url: URL,
  headers: Readonly<Record<string, string>>,
  timeout: number,
) {
  const data = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: (signal) =>
        agent.request({
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: "GET",
          headers: { ...headers, ...basicAuthorization(url) },
          headersTimeout: timeout,
          bodyTimeout: timeout,
          signal,
        }),
      catch: faultOf,
    }),
    ({ body }) => Effect.sync(() => body.on("error", () => {}).destroy()),
    { interruptible: true },
  )
  const header = (name: string): ReadonlyArray<string> => {
    const value = data.headers[name]
    return value === undefined ? [] : typeof value === "string" ? [value] : value
  }
  const text = data.statusText || (STATUS_CODES[data.statusCode] ?? "")
  return {
    status: data.statusCode,
    text,
    header,
    headerNames: Object.keys(data.headers),
    body: data.body,
    url,
  }
})

const basicAuthorization = (url: URL): Record<string, string> => {
  if (url.username === "" && url.password === "") return {}
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return { authorization: `Basic ${Buffer.from(login).toString("base64")}` }
}

const anonymous = ({ authorization: _, ...headers }: Readonly<Record<string, string>>) => headers

/** The fault that a server's answer means. */
export const statusFault = (
  code: number,
  text: string,
  retryAfter?: string,
  errorCode?: string,
): TransferFault => {
  const wait = parseRetryAfter(retryAfter, Date.now())
  return new TransferFault({
    kind: "status",
    message: `the server answered ${code} ${text}`.trim(),
    transient: TRANSIENT_STATUSES.has(code),
    status: { code, text },
    ...(errorCode !== undefined && { errorCode }),
    ...(wait !== undefined && { retryAfter: wait }),
  })
}

const redirectLoop = (code: number, text: string): TransferFault =>
  new TransferFault({
    kind: "refused",
    message: `the server redirected more than ${MOST_REDIRECTS} times`,
    transient: false,
    status: { code, text },
    code: "REDIRECT_LOOP",
  })

const redirectTarget = (
  location: string,
  from: URL,
  code: number,
  text: string,
): Effect.Effect<URL, TransferFault> => {
  const target = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined
  if (target?.protocol === "http:" || target?.protocol === "https:") return Effect.succeed(target)
  return Effect.fail(
    new TransferFault({
      kind: "refused",
      message: `the redirection to '${maskAddress(location)}' is not allowed`,
      transient: false,
      status: { code, text },
      code: "REDIRECT_REFUSED",
    }),
  )
}
