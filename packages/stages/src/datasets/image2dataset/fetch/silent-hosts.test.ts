import type { Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { hang, type Route, send, startServer } from "../../../network/fixtures/faulty-server.ts"
import { fetchAll } from "../fixtures/fetch.ts"

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

/** A server that is silent about some paths, and counts the connections that are in use. */
const startCounting = async (silent: (request: Parameters<Route>[0], count: number) => boolean) => {
  const asked = new Set<Socket>()
  let most = 0
  const server = await startServer({
    "/": (request, response, count) => {
      const { socket } = request
      asked.add(socket)
      most = Math.max(most, asked.size)
      response.on("close", () => asked.delete(socket))
      if (silent(request, count)) hang(request, response, count)
      else send("body")(request, response, count)
    },
  })
  return { server, most: () => most }
}

describe("addresses that stay silent", () => {
  it("hold nobody up that the host answers, and are asked again beside the first time", async () => {
    let isFirstOpen: boolean | undefined
    let first: Socket | undefined
    const { server, most } = await startCounting((request, count) => {
      if (request.url !== "/silent-0") return request.url?.startsWith("/silent") === true && count === 0
      first ??= request.socket
      if (count > 0) isFirstOpen = !first.destroyed
      return count === 0
    })
    // Two connections, and three silent addresses: one connection is never enough for the rest.
    const paths = [...range(3).map((index) => `silent-${index}`), ...range(40).map(String)]
    const found = await fetchAll(
      paths.map((path) => `${server.url}/${path}`),
      { connectionsPerHost: 4, silentConnectionsPerHost: 3, timeout: 20, retries: 1 },
    )
    await server[Symbol.asyncDispose]()
    assert.deepStrictEqual(new Set(found), new Set([4]))
    assert.strictEqual(isFirstOpen, true)
    assert.isAtMost(most(), 7)
    for (const index of range(3)) assert.strictEqual(server.count(`/silent-${index}`), 2)
    for (const index of range(40)) assert.strictEqual(server.count(`/${index}`), 1)
  })

  it("let downloads run further ahead", async () => {
    const { server } = await startCounting((request) => request.url === "/silent")
    const addresses = ["silent", ...range(20).map(String)].map((path) => `${server.url}/${path}`)
    const begun = () => addresses.filter((address) => server.count(new URL(address).pathname) > 0).length
    const isBusy = (isAnySilent: boolean) => begun() > 4 && !isAnySilent
    const found = await fetchAll(addresses, { timeout: 1 }, { isBusy })
    await server[Symbol.asyncDispose]()
    assert.deepStrictEqual(found, ["timed out", ...range(20).map(() => 4)])
  })

  it("get no connection more than allowed, and one status each", async () => {
    const { server, most } = await startCounting((request) => request.url?.startsWith("/silent") === true)
    const paths = range(20).map((index) => (index % 4 === 1 ? `silent-${index}` : `${index}`))
    const changes = { connectionsPerHost: 2, silentConnectionsPerHost: 0, timeout: 0.8, retries: 1 }
    const found = await fetchAll(
      paths.map((path) => `${server.url}/${path}`),
      changes,
    )
    await server[Symbol.asyncDispose]()
    assert.deepStrictEqual(
      found,
      paths.map((path) => (path.startsWith("silent") ? "timed out" : 4)),
    )
    assert.isAtMost(most(), 2)
    for (const path of paths) assert.strictEqual(server.count(`/${path}`), path.startsWith("silent") ? 2 : 1)
  })
})
