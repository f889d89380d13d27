import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type FaultyServer, inTurn, send, startServer, status } from "./fixtures/faulty-server.ts"
import {
  collectBody,
  faultOf,
  makeAgent,
  maskAddress,
  openResponse,
  parseRetryAfter,
  retryTransfer,
  withoutCredentials,
} from "./index.ts"

const get = (url: string, headers: Record<string, string> = {}, limit = 1000) =>
  Effect.gen(function* () {
    const agent = yield* makeAgent({ connections: 2, connectTimeout: 500 })
    const response = yield* openResponse(agent, { url: new URL(url), headers, timeout: 200 })
    return Buffer.from(yield* collectBody(response, limit)).toString()
  }).pipe(Effect.scoped)

const withServer = async (
  routes: Parameters<typeof startServer>[0],
  use: (server: FaultyServer) => Promise<void>,
) => {
  await using server = await startServer(routes)
  await use(server)
}

describe("a request", () => {
  it("follows redirects, and takes credentials to the first server only", () =>
    withServer({ "/other": send("there") }, (other) =>
      withServer({ "/here": status(302, { location: `${other.url}/other` }) }, async (server) => {
        const url = `${server.url.replace("://", "://user:pass@")}/here`
        assert.strictEqual(await Effect.runPromise(get(url, { authorization: "Bearer x" })), "there")
        assert.strictEqual(server.requests[0]?.headers.authorization, "Basic dXNlcjpwYXNz")
        assert.strictEqual(other.requests[0]?.headers.authorization, undefined)
      }),
    ))

  it("refuses redirects to files and endless ones", () =>
    withServer(
      {
        "/file": status(302, { location: "file:///etc/passwd" }),
        "/loop": status(302, { location: "/loop" }),
      },
      async (server) => {
        const file = await Effect.runPromise(Effect.flip(get(`${server.url}/file`)))
        assert.strictEqual(file.message, "the redirection to 'file:///etc/passwd' is not allowed")
        const loop = await Effect.runPromise(Effect.flip(get(`${server.url}/loop`)))
        assert.strictEqual(loop.code, "REDIRECT_LOOP")
        assert.strictEqual(server.count("/loop"), 11)
      },
    ))

  it("refuses bodies beyond the limit, announced or not", () =>
    withServer(
      {
        "/announced": send("x".repeat(2000)),
        "/unannounced": (_, response) => {
          response.write("x".repeat(2000))
          response.end()
        },
      },
      async (server) => {
        for (const path of ["/announced", "/unannounced"])
          assert.strictEqual(
            (await Effect.runPromise(Effect.flip(get(`${server.url}${path}`)))).code,
            "TOO_LARGE",
          )
      },
    ))
})

describe("retries", () => {
  const retry = retryTransfer({ times: 3, delay: 1, longest: 2000 })

  it("wait as long as the server asks", () =>
    withServer({ "/": inTurn(status(429, { "retry-after": "1" }), send("ok")) }, async (server) => {
      const start = performance.now()
      assert.strictEqual(await Effect.runPromise(retry(get(server.url))), "ok")
      assert.isAtLeast(performance.now() - start, 950)
    }))

  it("give up at once where waiting is asked for too long, or nothing would change", () =>
    withServer({ "/later": status(503, { "retry-after": "3600" }), "/gone": status(410) }, async (server) => {
      for (const path of ["/later", "/gone"]) {
        await Effect.runPromise(Effect.flip(retry(get(`${server.url}${path}`))))
        assert.strictEqual(server.count(path), 1)
      }
    }))

  it("end after the last attempt", () =>
    withServer({ "/": status(500) }, async (server) => {
      const fault = await Effect.runPromise(Effect.flip(retry(get(server.url))))
      assert.strictEqual(fault.status?.code, 500)
      assert.strictEqual(server.count("/"), 4)
    }))

  it("read Retry-After as seconds or as a date", () => {
    const now = Date.parse("2026-01-01T00:00:00Z")
    assert.strictEqual(parseRetryAfter("7", now), 7000)
    assert.strictEqual(parseRetryAfter("Thu, 01 Jan 2026 00:00:30 GMT", now), 30_000)
    assert.strictEqual(parseRetryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now), 0)
    assert.strictEqual(parseRetryAfter("soon", now), undefined)
    assert.strictEqual(parseRetryAfter("9".repeat(400), now), 365 * 24 * 3600 * 1000)
  })
})

describe("faults", () => {
  it("of several addresses are those of the first", () => {
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" })
    assert.strictEqual(faultOf(new AggregateError([refused])).kind, "unreachable")
    assert.strictEqual(faultOf(new Error("fetch", { cause: refused })).code, "ECONNREFUSED")
  })
})

describe("addresses", () => {
  it("are shown without their secrets", () => {
    assert.strictEqual(
      maskAddress("https://me:secret@host/a?X-Amz-Signature=abc&size=3&token=t#f"),
      "https://***@host/a?X-Amz-Signature=***&size=3&token=***#f",
    )
    assert.strictEqual(withoutCredentials("https://host/a@b?q=1"), "https://host/a@b?q=1")
    assert.strictEqual(maskAddress("images/a.png"), "images/a.png")
  })
})
