import { createServer } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { vi } from "vitest"
import { fetchAll } from "../fixtures/fetch.ts"
import { startNameServer } from "../fixtures/name-server.ts"

/** For this file, one address of this machine is a public one. */
const PUBLIC = "127.0.0.2"
vi.mock("./private-addresses.ts", async (load) => {
  const real = await load<typeof import("./private-addresses.ts")>()
  return {
    ...real,
    isPrivateAddress: (address: string) => address !== PUBLIC && real.isPrivateAddress(address),
  }
})

describe("redirects of public servers", () => {
  it("do not lead to addresses that are not public, by whatever name or form", async () => {
    let inner = 0
    const secret = createServer((_, response) => {
      inner += 1
      response.end("secret")
    })
    await new Promise<void>((resolve) => secret.listen(0, "127.0.0.1", resolve))
    const address = secret.address()
    const port = typeof address === "object" ? address?.port : 0
    const open = createServer((request, response) => {
      const target = decodeURIComponent((request.url ?? "").slice(1))
      if (target === "") response.end("open")
      else response.writeHead(302, { location: target }).end()
    })
    await new Promise<void>((resolve) => open.listen(0, PUBLIC, resolve))
    const place = open.address()
    const origin = `http://${PUBLIC}:${typeof place === "object" ? place?.port : 0}`
    await using names = await startNameServer({ "inner.example": ["127.0.0.1"], "outer.example": [PUBLIC] })
    const hosts = ["127.0.0.1", "inner.example", "2130706433", "0x7f.0.0.1", "[::ffff:127.0.0.1]", "[::1]"]
    const targets = hosts.map((host) => `http://${host}:${port}/`)
    // Two steps, the first of which is public.
    targets.push(`${origin}/${encodeURIComponent(`http://127.0.0.1:${port}/`)}`)
    const changes = { allowPrivateAddresses: false, resolvers: [names.address] }
    const found = await fetchAll(
      targets.map((target) => `${origin}/${encodeURIComponent(target)}`),
      changes,
    )
    for (const words of found) assert.match(String(words), /is not public/)
    assert.strictEqual(inner, 0)
    // What is public still leads on.
    const named = origin.replace(PUBLIC, "outer.example")
    assert.deepStrictEqual(await fetchAll([`${origin}/${encodeURIComponent(`${named}/`)}`], changes), [4])
    for (const server of [secret, open]) {
      server.closeAllConnections()
      server.close()
    }
  })
})
