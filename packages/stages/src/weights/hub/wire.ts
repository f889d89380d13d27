import { Readable } from "node:stream"
import { Effect, Exit, Scope } from "effect"
import type { Dispatcher } from "undici"
import { collectBody, openResponse, type TransferResponse } from "../../network/index.ts"
import { USER_AGENT } from "../transfer/byte-source.ts"
import type { HubSettings } from "./settings.ts"

/** Bytes of an answer of the hub itself; the largest lists of files have some megabytes. */
const LARGEST_ANSWER = 64 << 20

/** What the requests of the library need. */
export interface Wire {
  readonly agent: Dispatcher
  /** Milliseconds without news from a server. */
  readonly timeout: number
  readonly hub: HubSettings
}

/**
 * The `fetch` that Hugging Face's library is given. It makes its requests as all others of ours are made (proxies,
 * timeouts, addresses masked in messages), and it alone knows the token: the library would send it to whatever address
 * a `Link` header names, and takes none that doesn't begin with `hf_`.
 *
 * An answer that is an error fails with the fault that it means. But 403 of a server that holds bytes is passed on, for
 * the library then asks for new signatures.
 */
export const hubFetch =
  (wire: Wire): typeof fetch =>
  (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const isHub = url.origin === new URL(wire.hub.endpoint).origin
    const headers = {
      "user-agent": USER_AGENT,
      "accept-encoding": "identity",
      ...Object.fromEntries(new Headers(init?.headers)),
      ...(isHub ? authorization(wire.hub) : {}),
    }
    const request = openResponse(wire.agent, { url, headers, timeout: wire.timeout })
    return Effect.runPromise(isHub ? Effect.scoped(whole(request)) : streamed(request))
  }

/** What says to the hub who we are; it goes to no other server. */
export const authorization = ({ token }: HubSettings): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

type Asked = ReturnType<typeof openResponse>

const whole = Effect.fnUntraced(function* (request: Asked) {
  const response = yield* request
  return respond(response, yield* collectBody(response, LARGEST_ANSWER))
})

/** The connection is held until the body has been read or thrown away. */
const streamed = Effect.fnUntraced(function* (request: Asked) {
  const scope = yield* Scope.make()
  const exit = yield* Effect.exit(Scope.provide(request, scope))
  if (Exit.isFailure(exit)) yield* Scope.close(scope, exit)
  const response = yield* Effect.catchIf(
    exit,
    ({ status }) => status?.code === 403,
    () => Effect.succeed(undefined),
  )
  if (response === undefined) return new Response(null, { status: 403 })
  response.body.once("close", () => Effect.runFork(Scope.close(scope, Exit.void)))
  return respond(response, Readable.toWeb(response.body))
})

const respond = (response: TransferResponse, body: ConstructorParameters<typeof Response>[0]): Response =>
  new Response(body, {
    status: response.status,
    headers: response.headerNames.map((name): [string, string] => [name, response.header(name).join(", ")]),
  })
