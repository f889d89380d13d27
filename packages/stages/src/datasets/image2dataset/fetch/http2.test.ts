import { readFileSync } from "node:fs"
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { fetchAll } from "../fixtures/fetch.ts"

const pem = readFileSync(join(import.meta.dirname, "../fixtures/self-signed.pem"))

/** A server that speaks HTTP/2, and counts connections. */
const start = async (answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void) => {
  const sessions = new Set<{ destroy: () => void }>()
  const server = createSecureServer({ key: pem, cert: pem }, answer)
  server.on("session", (session) => sessions.add(session))
  server.on("sessionError", () => {})
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const address = server.address()
  return {
    url: `https://localhost:${typeof address === "object" ? address?.port : 0}`,
    sessions,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
      }),
  }
}

const changes = { ignoreSslCertificate: true, connectionsPerHost: 4, timeout: 3 }

describe("servers that speak HTTP/2", () => {
  it("get all requests on one connection, no more of them at a time than allowed", async () => {
    let [running, most] = [0, 0]
    const versions = new Set<string>()
    await using server = await start((request, response) => {
      versions.add(request.httpVersion)
      running += 1
      most = Math.max(most, running)
      setTimeout(() => {
        running -= 1
        response.end("body")
      }, 5)
    })
    const addresses = Array.from({ length: 40 }, (_, index) => `${server.url}/${index}`)
    assert.deepStrictEqual(await fetchAll(addresses, changes), Array(40).fill(4))
    assert.deepStrictEqual([...versions], ["2.0"])
    assert.strictEqual(server.sessions.size, 1)
    assert.isAtMost(most, 4)
  })

  it("may end streams and connections as they like: every URL has one status", async () => {
    let count = 0
    await using server = await start((request, response) => {
      const kind = request.url.slice(1).replace(/-.*/, "")
      if (kind === "reset") request.stream.close(2)
      else if (kind === "cut") {
        response.writeHead(200, { "content-length": "100" })
        response.write("x")
        setTimeout(() => request.stream.close(2), 20)
      } else if (kind === "silent") count += 1
      else if (kind === "leave") request.stream.session?.destroy()
      else response.end("body")
    })
    const kinds = ["good", "reset", "cut", "silent", "leave", "good"]
    const found: Array<number | string | undefined> = []
    for (const kind of kinds)
      found.push((await fetchAll([`${server.url}/${kind}`], { ...changes, timeout: 1 }))[0])
    assert.deepStrictEqual([found[0], found[3], found[5]], [4, "timed out", 4])
    for (const index of [1, 2, 4])
      assert.match(String(found[index]), /^(Remote end|IncompleteRead|\[Errno|<url)/)
    assert.strictEqual(count, 1)
    // The same, all at a time.
    const many = kinds.flatMap((kind) =>
      Array.from({ length: 5 }, (_, index) => `${server.url}/${kind}-${index}`),
    )
    const all = await fetchAll(many, { ...changes, timeout: 1 })
    assert.strictEqual(all.length, many.length)
    for (const outcome of all) assert.notMatch(String(outcome), /^defect/)
  })
})
