import { readFileSync } from "node:fs"
import { createServer as createSecureServer } from "node:https"
import { createServer, type Socket } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { cut, inTurn, send, startServer, status } from "../../../network/fixtures/faulty-server.ts"
import { fetchAll } from "../fixtures/fetch.ts"
import { options } from "../fixtures/job.ts"
import { startNameServer } from "../fixtures/name-server.ts"
import { Fetcher } from "./fetcher.ts"
import { isPrivateAddress } from "./private-addresses.ts"
import { isAllowedBy, parseRobots } from "./robots-txt.ts"

/** A server that answers each connection with some bytes of its own, whatever is asked. */
const startRaw = async (answer: (socket: Socket) => void) => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.once("data", () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

describe("addresses that are not public", () => {
  it("are refused in every form, and asked for only when that is allowed", async () => {
    await using server = await startServer({ "/": send("body") })
    const port = new URL(server.url).port
    const forms = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
    const found = await fetchAll(
      forms.map((host) => `http://${host}:${port}/`),
      { allowPrivateAddresses: false },
    )
    for (const words of found) assert.match(String(words), /^<urlopen error the address .* is not public/)
    assert.strictEqual(server.requests.length, 0)
    assert.deepStrictEqual(await fetchAll([`${server.url}/`]), [4])
  })

  it("are refused behind names too, whatever these resolved to before", async () => {
    await using server = await startServer({ "/": send("body") })
    const port = new URL(server.url).port
    await using names = await startNameServer({
      "inner.example": ["10.1.2.3"],
      "turns.example": ["203.0.114.1", "127.0.0.1"],
    })
    const changes = { resolvers: [names.address], allowPrivateAddresses: false, timeout: 0.2 }
    const fetcher = new Fetcher(options({ retries: 0, ...changes }), { folder: "nowhere" })
    const ask = (host: string) =>
      fetcher.fetch(`http://${host}:${port}/`).then(
        () => "came",
        (cause: Error) => cause.message,
      )
    assert.match(await ask("inner.example"), /10\.1\.2\.3 is not public/)
    // A public address where nobody answers.
    assert.notMatch(await ask("turns.example"), /is not public/)
    await sleep(1100)
    assert.match(await ask("turns.example"), /127\.0\.0\.1 is not public/)
    await fetcher.close()
    assert.strictEqual(server.requests.length, 0)
  })

  it("are told from public ones", () => {
    const inner = ["10.0.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::", "::1"]
    inner.push("fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1")
    for (const address of inner) assert.isTrue(isPrivateAddress(address), address)
    for (const address of ["1.1.1.1", "172.32.0.1", "192.167.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
      assert.isFalse(isPrivateAddress(address), address)
  })
})

describe("names", () => {
  it("are asked for once, those that are not known too", async () => {
    await using server = await startServer({ "/": send("body") })
    const { port } = new URL(server.url)
    await using names = await startNameServer({ "known.example": ["127.0.0.1"] })
    const addresses = Array.from({ length: 40 }, (_, index) =>
      index % 2 === 0 ? `http://known.example:${port}/${index}` : `http://unknown.example/${index}`,
    )
    const found = await fetchAll(addresses, { resolvers: [names.address], connectionsPerHost: 4 })
    assert.deepStrictEqual(
      new Set(found),
      new Set([4, "<urlopen error [Errno -2] Name or service not known>"]),
    )
    assert.strictEqual(names.count("known.example"), 1)
    assert.strictEqual(names.count("unknown.example"), 1)
  })
})

describe("hostile servers", () => {
  it("can neither drip nor go on for ever", async () => {
    const drip = await startRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
      const timer = setInterval(() => socket.write("x"), 50)
      socket.on("close", () => clearInterval(timer))
    })
    const endless = await startRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n")
      const piece = Buffer.alloc(65_536, 120)
      const more = () => {
        while (!socket.destroyed && socket.write(piece));
      }
      socket.on("drain", more)
      more()
    })
    const headers = await startRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n")
      const timer = setInterval(() => socket.write(`x-${Math.random()}: y\r\n`), 50)
      socket.on("close", () => clearInterval(timer))
    })
    const changes = { timeout: 0.5, totalTimeout: 2, maxBodySize: 1_000_000 }
    assert.deepStrictEqual(await fetchAll([drip.url, endless.url, headers.url], changes), [
      "timed out",
      "<urlopen error the response is larger than 1000000 bytes>",
      "timed out",
    ])
    for (const server of [drip, endless, headers]) await server[Symbol.asyncDispose]()
  })

  it.each(["closed", "reset"])("may break off anywhere, %s: every URL ends with one status", async (how) => {
    const whole = Buffer.concat([
      Buffer.from("HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: 20\r\n\r\n"),
      Buffer.alloc(20, 7),
    ])
    let length = 0
    await using server = await startRaw((socket) => {
      const end = length++ % whole.length
      if (how === "closed") socket.end(whole.subarray(0, end))
      else socket.write(whole.subarray(0, end), () => socket.resetAndDestroy())
    })
    const addresses = Array.from({ length: whole.length }, (_, index) => `${server.url}/${index}`)
    const found = await fetchAll(addresses)
    assert.strictEqual(found.length, addresses.length)
    for (const words of found)
      assert.match(
        String(words),
        /^(IncompleteRead|Remote end closed|\[Errno|the server's answer is not HTTP)/,
      )
  })

  it("may send more than they promise, less, or no number at all", async () => {
    const answers = ["content-length: 3", "content-length: 9", "content-length: x", "content-length: -1"]
    answers.push("content-length: 3\r\ncontent-length: 5", "content-length: 99999999999999999999")
    let count = 0
    await using server = await startRaw((socket) => {
      const header = answers[count++ % answers.length]
      socket.end(`HTTP/1.1 200 OK\r\n${header}\r\nconnection: close\r\n\r\n12345`)
    })
    const found: Array<number | string | undefined> = []
    for (const _ of answers) found.push((await fetchAll([`${server.url}/`]))[0])
    // What is beyond the promise belongs to no body.
    assert.strictEqual(found[0], 3)
    assert.strictEqual(found[1], "IncompleteRead(5 bytes read, 4 more expected)")
    for (const words of found.slice(2))
      assert.match(String(words), /^IncompleteRead|is not HTTP|does not match the HTTP/)
  })

  it("may lie about lengths, pack bombs, set cookies and redirect without end", async () => {
    let redirects = 0
    await using server = await startServer({
      "/longer": (_, response) => response.writeHead(200, { "content-length": "5" }).end("12345"),
      "/bomb": send(gzipSync(Buffer.alloc(10_000_000)), { "content-encoding": "gzip" }),
      "/cookie": inTurn(
        (_, response) => response.writeHead(302, { location: "/cookie", "set-cookie": "a=b" }).end(),
        send("ok"),
      ),
      "/far": (_, response) => response.writeHead(302, { location: `/far/${redirects++}` }).end(),
      "/cut": cut(Buffer.alloc(100), 10),
      "/302": status(302),
      "/304": status(304),
    })
    const found = await fetchAll(
      ["longer", "bomb", "cookie", "far", "cut", "302", "304"].map((path) => `${server.url}/${path}`),
    )
    assert.strictEqual(found[0], 5)
    assert.isBelow(Number(found[1]), 20_000)
    assert.strictEqual(found[2], 2)
    assert.match(String(found[3]), /infinite loop/)
    assert.strictEqual(redirects, 11)
    assert.strictEqual(found[4], "IncompleteRead(10 bytes read, 90 more expected)")
    assert.deepStrictEqual(found.slice(5), ["HTTP Error 302: Found", "HTTP Error 304: Not Modified"])
    assert.isTrue(server.requests.every(({ headers }) => headers.cookie === undefined))
  })

  it("need a certificate that holds, unless any will do", async () => {
    const pem = readFileSync(join(import.meta.dirname, "../fixtures/self-signed.pem"))
    const server = createSecureServer({ key: pem, cert: pem }, (_, response) => response.end("secret"))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    const port = typeof address === "object" ? address?.port : 0
    await using plain = await startServer({ "/": send("plain") })
    const [words, other] = await fetchAll([
      `https://localhost:${port}/`,
      plain.url.replace("http:", "https:"),
    ])
    assert.match(String(words), /CERTIFICATE_VERIFY_FAILED/)
    assert.match(String(other), /SSL/)
    const trusting = await fetchAll([`https://localhost:${port}/`], { ignoreSslCertificate: true })
    assert.deepStrictEqual(trusting, ["secret".length])
    server.closeAllConnections()
    server.close()
  })
})

describe("hosts", () => {
  it("may forbid images in robots.txt, when they are asked", async () => {
    await using server = await startServer({
      "/robots.txt": send("User-agent: *\nDisallow: /private # no\nAllow: /private/open$\n"),
      "/": send("body"),
    })
    const addresses = ["/a", "/private/b", "/private/open", "/private/open/c"].map(
      (path) => `${server.url}${path}`,
    )
    const refused = "Use of image disallowed by robots.txt"
    assert.deepStrictEqual(await fetchAll(addresses, { respectRobotsTxt: true }), [4, refused, 4, refused])
    assert.strictEqual(server.count("/robots.txt"), 1)
    assert.deepStrictEqual(await fetchAll(addresses), [4, 4, 4, 4])
  })

  it("have rules for agents by name: the longest that fits decides", () => {
    const text = "User-agent: a\nUser-agent: B\nDisallow: /\nAllow: /*.jpg$\n\nUser-agent: *\nDisallow:\n"
    const rules = parseRobots(text, "b")
    assert.isFalse(isAllowedBy(rules, "/x"))
    assert.isTrue(isAllowedBy(rules, "/x.jpg"))
    assert.isTrue(isAllowedBy(parseRobots(text, "other"), "/x"))
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.webPath(), (noise, path) => {
        assert.isBoolean(isAllowedBy(parseRobots(`User-agent: *\nDisallow: ${noise}`, "x"), path))
      }),
    )
  })
})

describe("requests", () => {
  it("that meet a closed kept connection are sent once more, without a retry", async () => {
    await using server = await startServer({
      "/a": send("body"),
      "/b": inTurn((request) => request.socket.destroy(), send("body")),
    })
    assert.deepStrictEqual(await fetchAll([`${server.url}/a`, `${server.url}/b`]), [4, 4])
  })

  it("share connections", async () => {
    const ports = new Set<number | undefined>()
    await using server = await startServer({
      "/": (request, response) => {
        ports.add(request.socket.remotePort)
        response.end("body")
      },
    })
    await fetchAll(
      Array.from({ length: 200 }, (_, index) => `${server.url}/${index}`),
      { connectionsPerHost: 3 },
    )
    assert.isAtMost(ports.size, 3)
  })
})
