import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import { inTurn, type Route, send, startServer, status } from "../../network/fixtures/faulty-server.ts"
import { content, digest, failureOf, fetch, makeFolder, one, sha256 } from "../fixtures/fetching.ts"
import { ranged } from "../fixtures/ranged.ts"

const other = Buffer.from(content).reverse()
const ranges = (server: { requests: ReadonlyArray<{ headers: { range?: string | undefined } }> }) =>
  server.requests.map(({ headers }) => headers.range)

const fetched = async (route: Route, run = fetch) => {
  using folder = makeFolder()
  await using server = await startServer({ "/model": route })
  const done = await run(folder.path, one(`${server.url}/model`))
  assert.isTrue(Exit.isSuccess(done.exit), JSON.stringify(done.exit))
  assert.deepStrictEqual(readFileSync(join(done.output, "model.safetensors")), content)
  return { ...done, server }
}

describe("a transfer in parts", () => {
  it("asks for several parts at a time, once it knows that the server has them", async () => {
    const waiting: Array<() => void> = []
    const parts = ranged({ bytes: () => content, etag: () => '"v"' })
    const { server, progress } = await fetched((request, response, count) => {
      if (count === 0) return parts(request, response, count)
      // None of the others is answered before all of them have come.
      waiting.push(() => parts(request, response, count))
      if (waiting.length === 3) for (const answer of waiting) answer()
    })
    assert.deepStrictEqual(ranges(server).toSorted(), [
      "bytes=0-49999",
      "bytes=100000-149999",
      "bytes=150000-199999",
      "bytes=50000-99999",
    ])
    assert.strictEqual(server.requests[0]?.headers["if-range"], undefined)
    assert.strictEqual(server.requests[3]?.headers["if-range"], '"v"')
    assert.deepStrictEqual(progress.at(-1), { done: 200_000, total: 200_000, unit: "bytes" })
  })

  it("goes on within each part that is cut, as long as something comes", async () => {
    const { server } = await fetched(
      ranged({
        bytes: () => content,
        etag: () => '"v"',
        cutAfter: (count) => (count < 12 ? 20_000 : undefined),
      }),
    )
    assert.strictEqual(new Set(ranges(server)).size, server.requests.length)
    assert.include(ranges(server), "bytes=20000-49999")
  })

  it("goes on in the next attempt with what is missing", async () => {
    using folder = makeFolder()
    const parts = ranged({ bytes: () => content, etag: () => '"v"' })
    await using server = await startServer({
      "/model": (request, response, count) =>
        request.headers.range === "bytes=100000-149999" && count < 7
          ? status(503)(request, response, count)
          : parts(request, response, count),
    })
    const request = one(`${server.url}/model`)
    const first = failureOf(await fetch(folder.path, request))
    assert.strictEqual(first.reason, "transient")
    assert.include(first.message, "503 Service Unavailable")
    const before = server.requests.length
    const second = await fetch(folder.path, request)
    assert.isTrue(Exit.isSuccess(second.exit))
    assert.include(ranges(server).slice(before), "bytes=100000-149999")
    assert.notInclude(ranges(server).slice(before), "bytes=0-49999")
    const third = await fetch(folder.path, request)
    assert.isTrue(Exit.isSuccess(third.exit))
    assert.strictEqual(server.requests.length - before, ranges(server).slice(before).length)
  })

  it("takes nothing of a record that its bytes don't bear out", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/model": ranged({ bytes: () => content, etag: () => '"v"' }) })
    const request = one(`${server.url}/model`)
    const whole = await fetch(folder.path, request)
    const checkpoint = join(folder.path, "checkpoint")
    const name = readdirSync(checkpoint)[0] ?? ""
    assert.isTrue(Exit.isSuccess(whole.exit))
    const records = [
      "",
      "{",
      JSON.stringify({ size: 200_000, validators: {}, done: [[0, 200_000]] }),
      JSON.stringify({ size: 200_000, validators: {}, done: [[-5, 10]] }),
      JSON.stringify({ size: 5, validators: {}, done: [[0, 10]] }),
      JSON.stringify({
        size: null,
        validators: {},
        done: [
          [0, 4],
          [2, 9],
        ],
      }),
    ]
    for (const record of records) {
      using again = makeFolder()
      mkdirSync(join(again.path, "checkpoint"))
      writeFileSync(join(again.path, "checkpoint", `${name}.partial`), "0123456789")
      writeFileSync(join(again.path, "checkpoint", `${name}.parts`), record)
      const { exit, output } = await fetch(again.path, request)
      assert.isTrue(Exit.isSuccess(exit), record)
      assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
    }
  })

  it("keeps no address on the disk, for it may hold a secret", async () => {
    using folder = makeFolder()
    await using server = await startServer({
      "/model": (request, response, count) =>
        (count === 0 ? ranged({ bytes: () => content, etag: () => '"v"' }) : status(404))(
          request,
          response,
          count,
        ),
    })
    await fetch(folder.path, one(`${server.url}/model?token=abc`))
    const checkpoint = join(folder.path, "checkpoint")
    const record = readdirSync(checkpoint).find((name) => name.endsWith(".parts")) ?? ""
    const text = readFileSync(join(checkpoint, record), "utf8")
    assert.deepStrictEqual(JSON.parse(text).done, [[0, 50_000]])
    assert.notInclude(text, "abc")
  })

  it("mends parts that were damaged on the disk, by fetching the whole", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/model": ranged({ bytes: () => content, etag: () => '"v"' }) })
    const request = one(`${server.url}/model`)
    await fetch(folder.path, request)
    const name = readdirSync(join(folder.path, "checkpoint"))[0] ?? ""
    using again = makeFolder()
    mkdirSync(join(again.path, "checkpoint"))
    const partial = join(again.path, "checkpoint", `${name}.partial`)
    writeFileSync(partial, Buffer.alloc(60_000, 7))
    const record = { size: 200_000, validators: { [`${server.url}/model`]: '"v"' }, done: [[0, 60_000]] }
    writeFileSync(join(again.path, "checkpoint", `${name}.parts`), JSON.stringify(record))
    const { exit, output } = await fetch(again.path, request)
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
    assert.strictEqual(ranges(server).at(-1), undefined)
  })
})

describe("a transfer that is stopped", () => {
  it("ends at once, and goes on the next time", async () => {
    using folder = makeFolder()
    const stop = new AbortController()
    let isStalled = true
    await using server = await startServer({
      "/model": (request, response, count) => {
        const parts = ranged({ bytes: () => content, etag: () => '"v"' })
        if (request.headers.range !== "bytes=150000-199999" || !isStalled)
          return parts(request, response, count)
        setTimeout(() => stop.abort(), 200)
      },
    })
    const request = one(`${server.url}/model`)
    const stopped = failureOf(await fetch(folder.path, request, { signal: stop.signal, timeout: 60_000 }))
    assert.strictEqual(stopped.reason, "cancelled")
    isStalled = false
    const before = server.requests.length
    const { exit, output } = await fetch(folder.path, request)
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
    assert.include(ranges(server).slice(before), "bytes=150000-199999")
    assert.notInclude(ranges(server).slice(before), "bytes=0-49999")
  })
})

describe("a transfer from a server that", () => {
  it("knows no parts comes in one stream", async () => {
    const { server } = await fetched(send(content, { etag: '"v"' }))
    assert.strictEqual(server.requests.length, 1)
  })

  it("forgets about parts midway comes in one stream", async () => {
    const parts = ranged({ bytes: () => content, etag: () => '"v"' })
    const { server } = await fetched((request, response, count) =>
      count === 0
        ? parts(request, response, count)
        : send(content, { etag: '"v"' })(request, response, count),
    )
    assert.strictEqual(ranges(server).at(-1), undefined)
  })

  it("has another version midway begins anew", async () => {
    const { server } = await fetched(
      ranged({
        bytes: (count) => (count < 2 ? other : content),
        etag: (count) => (count < 2 ? '"old"' : '"new"'),
      }),
    )
    assert.strictEqual(ranges(server).filter((range) => range === "bytes=0-49999").length, 2)
  })

  it("has another version each time comes in one stream in the end", async () => {
    const { server } = await fetched(ranged({ bytes: () => content, etag: (count) => `"${count}"` }))
    assert.strictEqual(ranges(server).at(-1), undefined)
  })

  it("names no version is believed when the whole has its digest", async () => {
    const { server } = await fetched(ranged({ bytes: () => content }))
    assert.strictEqual(server.requests.length, 4)
  })

  it("mixes versions without a word is asked for the whole once more", async () => {
    const { server } = await fetched(ranged({ bytes: (count) => (count === 1 ? other : content) }))
    assert.strictEqual(server.requests.length, 5)
    assert.strictEqual(ranges(server).at(-1), undefined)
  })

  it("sends another part than it was asked for is not used", async () => {
    using folder = makeFolder()
    const wrong =
      (range: string): Route =>
      (_, response) => {
        response.writeHead(206, { "content-range": range }).end(Buffer.alloc(50_000))
      }
    await using server = await startServer({
      "/elsewhere": wrong("bytes 5-50004/200000"),
      "/beyond": wrong("bytes 0-100000/200000"),
      "/nowhere": wrong("bytes"),
    })
    for (const path of ["elsewhere", "beyond", "nowhere"]) {
      const failure = failureOf(await fetch(folder.path, one(`${server.url}/${path}`)))
      assert.include(failure.message, "the server sent another part than it was asked for")
    }
  })

  it("sends less or more than it says is asked again, and refused", async () => {
    using folder = makeFolder()
    const parts = ranged({ bytes: () => content, etag: () => '"v"' })
    const short: Route = (_, response) => {
      response
        .writeHead(206, { "content-range": "bytes 0-49999/200000", etag: '"v"' })
        .end(content.subarray(0, 100))
    }
    const { server } = await fetched(inTurn(short, parts))
    assert.include(ranges(server), "bytes=100-49999")
    await using long = await startServer({
      "/model": (_, response) => {
        response.writeHead(206, { "content-range": "bytes 0-49999/200000" }).end(content)
      },
    })
    const failure = failureOf(await fetch(folder.path, one(`${long.url}/model`)))
    assert.include(failure.message, "the response is larger than 50000 bytes")
  })

  it("has no such part is asked for the whole", async () => {
    const { server } = await fetched((request, response, count) =>
      request.headers.range === undefined
        ? send(content)(request, response, count)
        : status(416)(request, response, count),
    )
    assert.deepStrictEqual(ranges(server), ["bytes=0-49999", undefined])
  })

  it("has an empty file gives an empty file", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/empty": ranged({ bytes: () => Buffer.alloc(0) }) })
    const empty = {
      name: "mine",
      files: [{ path: "empty", urls: [`${server.url}/empty`], sha256: sha256(Buffer.alloc(0)) }],
    }
    const { exit, output } = await fetch(folder.path, empty)
    assert.isTrue(Exit.isSuccess(exit))
    assert.strictEqual(readFileSync(join(output, "empty")).length, 0)
  })

  it("has a file of another size is not asked for the rest of it", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": ranged({ bytes: () => Buffer.alloc(300_000) }) })
    const failure = failureOf(await fetch(folder.path, one(`${server.url}/model`)))
    assert.match(failure.message, /its sha256 is [0-9a-f]{64}, and should be/)
    assert.notInclude(readdirSync(join(folder.path, "checkpoint")).join(), digest)
  })

  it("wants us to wait is not asked sooner, and not at all when it takes too long", async () => {
    using folder = makeFolder()
    const parts = ranged({ bytes: () => content, etag: () => '"v"' })
    const times: Array<number> = []
    await fetched(
      (request, response, count) => {
        times.push(performance.now())
        const route = count === 0 ? status(429, { "retry-after": "1" }) : parts
        route(request, response, count)
      },
      (path, request) => fetch(path, request, { retry: { times: 1, delay: 1, longest: 2000 } }),
    )
    assert.isAtLeast((times[1] ?? 0) - (times[0] ?? 0), 990)
    await using server = await startServer({ "/model": status(429, { "retry-after": "3600" }) })
    const failure = failureOf(await fetch(folder.path, one(`${server.url}/model`)))
    assert.strictEqual(server.requests.length, 1)
    assert.strictEqual(failure.reason, "transient")
    assert.strictEqual(failure.retryAfter, 3600)
  })
})
