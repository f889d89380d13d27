import { existsSync, readdirSync } from "node:fs"
import { link, mkdir, readFile, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import sharp from "sharp"
import {
  cut,
  hang,
  inTurn,
  type Route,
  send,
  slam,
  stall,
  startServer,
  status,
} from "../../network/fixtures/faulty-server.ts"
import {
  digests,
  failureOf,
  makeFolder,
  picture,
  readParquet,
  run,
  samplesOf,
  writeList,
} from "./fixtures/job.ts"

const image = await picture(120, 80)

/** Nobody listens there. */
const NO_NAMES = { resolvers: ["127.0.0.1:9"] }

describe("downloads that go wrong", () => {
  it("are counted, listed in img2dataset's words, and end nothing", async () => {
    using folder = makeFolder()
    const outside = await startServer({})
    const refused = outside.url
    await outside[Symbol.asyncDispose]()
    const robots = (value: string): Route => send(image, { "x-robots-tag": value })
    await using server = await startServer({
      "/good": send(image),
      "/gone": status(410),
      "/hang": hang,
      "/stall": stall,
      "/slam": slam,
      "/cut": cut(image, 100),
      "/loop": status(302, { location: "/loop" }),
      "/leave": status(302, { location: "file:///etc/passwd" }),
      "/follow": status(301, { location: "/good" }),
      "/robots": robots("noai"),
      "/robots-other": robots("otherbot: noindex"),
      "/robots-all": robots("all"),
      "/html": send("<html>no image</html>"),
      "/svg": send('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      "/empty": send(""),
      "/half": send(image.subarray(0, image.length / 2)),
      "/small": send(await picture(20, 20)),
      "/wide": send(await picture(400, 40)),
    })
    const expected: ReadonlyArray<readonly [string, string | null]> = [
      ["/good", null],
      ["/nothing", "HTTP Error 404: Not Found"],
      ["/gone", "HTTP Error 410: Gone"],
      ["/hang", "timed out"],
      ["/stall", "timed out"],
      ["/slam", "Remote end closed connection without response"],
      ["/cut", `IncompleteRead(100 bytes read, ${image.length - 100} more expected)`],
      [
        "/loop",
        "HTTP Error 302: The HTTP server returned a redirect error that would lead to an infinite loop.\nThe last 30x error message was:\nFound",
      ],
      ["/leave", "HTTP Error 302: Found - Redirection to 'file:///etc/passwd' is not allowed"],
      ["/follow", null],
      ["/robots", "Use of image disallowed by X-Robots-Tag directive"],
      ["/robots-other", null],
      ["/robots-all", null],
      ["/html", "Image decoding error"],
      ["/svg", "Image decoding error"],
      ["/empty", "Image decoding error"],
      ["/half", "Image decoding error"],
      ["/small", "image too small"],
      ["/wide", "aspect ratio too large"],
      ["ftp2://x/y", "<urlopen error unknown url type: ftp2>"],
      ["none.jpg", "<urlopen error [Errno 2] No such file or directory: 'none.jpg'>"],
      [`${refused}/x`, "<urlopen error [Errno 111] Connection refused>"],
    ]
    const urls = expected.map(([path]) => (path.startsWith("/") ? `${server.url}${path}` : path))
    const list = await writeList(folder.path, urls)
    const outcome = await run(folder.path, list, {
      retries: 0,
      minImageSize: 30,
      maxAspectRatio: 5,
      numberSamplePerShard: 100,
    })
    assert.isTrue(Exit.isSuccess(outcome.exit), String(outcome.exit))
    const { rows } = await readParquet(join(outcome.shards, "00000.parquet"))
    assert.deepStrictEqual(
      rows.map((row) => row.error_message),
      expected.map(([, message]) => message),
    )
    const summary = await outcome.summary()
    assert.strictEqual(summary.count, expected.length)
    assert.strictEqual(summary.successes, 4)
    assert.strictEqual(summary.failures.length, expected.length - 4)
    assert.strictEqual(summary.reasons["Image decoding error"], 4)
    // Kinds and hosts are counted too.
    assert.strictEqual(
      Object.values(summary.kinds).reduce((sum, times) => sum + times, 0),
      expected.length - 4,
    )
    assert.deepInclude(summary.kinds, {
      "status 4xx": 2,
      timeout: 2,
      redirect: 2,
      "refused by robots": 1,
      image: 6,
    })
    assert.deepInclude(summary.failing_hosts, { [new URL(server.url).host]: 15, [new URL(refused).host]: 1 })
    assert.match(outcome.warnings.at(-1) ?? "", /^18 of 22 images failed: Image decoding error \(4×\)/)
    assert.deepStrictEqual(outcome.progress.at(-1), {
      done: 22,
      total: 22,
      unit: "images",
      detail: "18 failed",
    })
  })

  it("are tried again only where that may help", async () => {
    using folder = makeFolder()
    await using server = await startServer({
      "/500": inTurn(status(500), send(image)),
      "/429": inTurn(status(429, { "retry-after": "0" }), send(image)),
      "/cut": inTurn(cut(image, 100), send(image)),
      "/slam": inTurn(slam, send(image)),
      "/hang": inTurn(hang, send(image)),
      "/410": status(410),
      "/robots": send(image, { "x-robots-tag": "noai" }),
      "/html": send("no image"),
      "/busy": status(503, { "retry-after": "100" }),
    })
    const paths = ["500", "429", "cut", "slam", "hang", "404", "410", "robots", "html", "busy"]
    const list = await writeList(
      folder.path,
      paths.map((path) => `${server.url}/${path}`),
    )
    const outcome = await run(folder.path, list, { retries: 1 })
    assert.isTrue(Exit.isSuccess(outcome.exit))
    assert.strictEqual((await outcome.summary()).successes, 5)
    const requests = paths.map((path) => server.count(`/${path}`))
    assert.deepStrictEqual(requests, [2, 2, 2, 2, 2, 1, 1, 1, 1, 1])
  })

  it("all of them: a permanent failure with the commonest reasons, and nothing is kept", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/html": send("no image") })
    const list = await writeList(
      folder.path,
      ["a", "b", "html"].map((path) => `${server.url}/${path}`),
    )
    const failure = failureOf(await run(folder.path, list))
    assert.strictEqual(failure.reason, "permanent")
    assert.strictEqual(
      failure.message,
      "none of the 3 images came: HTTP Error 404: Not Found (2×), Image decoding error (1×)",
    )
    assert.deepStrictEqual(readdirSync(join(folder.path, "checkpoint")), [])
  })

  it("for want of a network: a transient failure, and nothing is counted as done", async () => {
    using folder = makeFolder()
    const list = await writeList(folder.path, ["http://a.example/a", "http://b.example/b"])
    const failure = failureOf(await run(folder.path, list, { retries: 0, ...NO_NAMES }))
    assert.strictEqual(failure.reason, "transient")
    assert.match(failure.message, /Temporary failure in name resolution>? \(2×\)/)
  })

  it("from the middle of a list on: finished shards are kept, those without a connection aren't", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": send(image) })
    const urls = Array.from(
      { length: 40 },
      (_, index) => `${index < 20 ? server.url : "http://a.example"}/${index}`,
    )
    const list = await writeList(folder.path, urls)
    const changes = { retries: 0, numberSamplePerShard: 20, ...NO_NAMES }
    assert.strictEqual(failureOf(await run(folder.path, list, changes)).reason, "transient")
    assert.isTrue(existsSync(join(folder.path, "checkpoint", ".image2dataset", "00000.json")))
    assert.isFalse(existsSync(join(folder.path, "checkpoint", ".image2dataset", "00001.json")))
  })
})

describe("a run that is interrupted", () => {
  it("continues after its finished shards and ends with the same bytes", async () => {
    using folder = makeFolder()
    await using server = await startServer({
      "/": (request, response, count) =>
        void setTimeout(3 + (Number(request.url?.slice(1)) % 7)).then(() =>
          send(image)(request, response, count),
        ),
      "/7": status(404),
    })
    const list = await writeList(
      folder.path,
      Array.from({ length: 45 }, (_, index) => `${server.url}/${index}`),
    )
    const changes = { captionCol: "caption", threadCount: 4 }
    const whole = await run(join(folder.path, "undisturbed"), list, changes)
    assert.isTrue(Exit.isSuccess(whole.exit))

    const resumed = join(folder.path, "interrupted")
    const controller = new AbortController()
    const first = run(resumed, list, changes, { attempt: "first", signal: controller.signal })
    const mark = join(resumed, "checkpoint", ".image2dataset", "00000.json")
    for (let wait = 0; wait < 5000 && !existsSync(mark); wait++) await setTimeout(1)
    controller.abort()
    assert.isTrue(Exit.isFailure((await first).exit))
    const before = server.count("/3")
    const second = await run(resumed, list, { ...changes, threadCount: 9 }, { attempt: "second" })
    assert.isTrue(Exit.isSuccess(second.exit))
    assert.strictEqual(server.count("/3"), before)
    assert.deepStrictEqual(digests(second.shards), digests(whole.shards))
    assert.deepStrictEqual(await second.summary(), await whole.summary())
    assert.strictEqual(Object.keys(digests(whole.shards)).length, 15)
  })

  it("makes a harmed shard again, and takes from finished ones what the list has elsewhere now", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": send(image) })
    const urls = Array.from({ length: 20 }, (_, index) => `${server.url}/${index}`)
    await run(folder.path, await writeList(folder.path, urls), {}, { attempt: "1" })
    await writeFile(join(folder.path, "checkpoint", "00001.tar"), "harmed")
    const mended = await run(folder.path, join(folder.path, "list.csv"), {}, { attempt: "2" })
    assert.strictEqual(server.count("/3"), 1)
    assert.strictEqual(server.count("/13"), 2)
    assert.strictEqual((await samplesOf(join(mended.shards, "00001.tar"))).length, 10)
    const other = urls.toReversed().map((url, index) => `${url},"nr ${index}, é",${index}`)
    await writeFile(join(folder.path, "list.csv"), ["url,caption,id", ...other].join("\n"))
    const turned = await run(folder.path, join(folder.path, "list.csv"), {}, { attempt: "3" })
    assert.isTrue(Exit.isSuccess(turned.exit), String(turned.exit))
    assert.strictEqual(server.count("/3"), 1)
    const fresh = await run(join(folder.path, "fresh"), join(folder.path, "list.csv"))
    assert.deepStrictEqual(digests(turned.shards), digests(fresh.shards))
  })
})

describe("a list that has grown", () => {
  it("needs only what is new, when the stage is given the shards of before", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": send(image) })
    const urls = Array.from({ length: 25 }, (_, index) => `${server.url}/${index}`)
    const list = await writeList(folder.path, urls.slice(0, 18))
    const before = await run(join(folder.path, "before"), list)
    const grown = await writeList(folder.path, urls)
    const count = server.requests.length
    const after = await run(join(folder.path, "after"), grown, {}, { earlier: before.shards })
    assert.isTrue(Exit.isSuccess(after.exit), String(after.exit))
    assert.strictEqual(server.requests.length - count, 7)
    const fresh = await run(join(folder.path, "fresh"), grown)
    assert.deepStrictEqual(digests(after.shards), digests(fresh.shards))
  })
})

describe("files", () => {
  it("are read again, whatever an earlier list had under the same names", async () => {
    using folder = makeFolder()
    const other = await sharp(image).negate().jpeg().toBuffer()
    const shardsOf = async (name: string, picture: Uint8Array, earlier?: string) => {
      const images = join(folder.path, name)
      await mkdir(images)
      await writeFile(join(images, "0.jpg"), picture)
      const list = await writeList(images, ["0.jpg"], "urls.csv")
      return (await run(join(folder.path, `${name}-run`), list, {}, earlier === undefined ? {} : { earlier }))
        .shards
    }
    const before = await shardsOf("before", image)
    const after = await shardsOf("after", other, before)
    assert.notDeepEqual(digests(after), digests(before))
    assert.deepStrictEqual(digests(after), digests(await shardsOf("fresh", other)))
  })

  it("of a folder of images are found through its list, but none outside of it", async () => {
    using folder = makeFolder()
    const images = join(folder.path, "images")
    await mkdir(join(images, "inner"), { recursive: true })
    await writeFile(join(images, "a b%41.jpg"), image)
    await writeFile(join(images, "inner", "c.jpg"), image)
    await writeFile(join(folder.path, "secret.jpg"), image)
    await symlink(join(folder.path, "secret.jpg"), join(images, "link.jpg"))
    await symlink(folder.path, join(images, "up"))
    await symlink("inner/c.jpg", join(images, "good-link.jpg"))
    const secret = pathToFileURL(join(folder.path, "secret.jpg")).href
    const urls = [
      "a b%41.jpg",
      "inner/c.jpg",
      "inner%2Fc.jpg",
      "good-link.jpg",
      pathToFileURL(join(images, "inner", "c.jpg")).href,
      "../secret.jpg",
      "inner/../../secret.jpg",
      "%2E%2E/secret.jpg",
      "link.jpg",
      "up/secret.jpg",
      join(folder.path, "secret.jpg"),
      secret,
      "inner",
    ]
    await writeList(images, urls, "urls.csv")
    const outcome = await run(folder.path, images, { numberSamplePerShard: 100 })
    const { rows } = await readParquet(join(outcome.shards, "00000.parquet"))
    const statuses = rows.map((row) => row.status === "success")
    assert.deepStrictEqual(statuses, [
      true,
      true,
      true,
      true,
      true,
      ...Array.from({ length: 8 }, () => false),
    ])
    for (const row of rows.slice(5)) assert.match(String(row.error_message), /is not allowed/)
    const trusting = await run(join(folder.path, "trusting"), images, { allowFiles: true })
    const allowed = (await trusting.summary()).successes
    assert.strictEqual(allowed, 6)
  })

  it("of a folder without a list are taken in the order of their names", async () => {
    using folder = makeFolder()
    const images = join(folder.path, "images")
    await mkdir(images)
    for (const name of ["b.jpg", "a.jpeg", "notes.txt"]) await writeFile(join(images, name), image)
    await link(join(images, "b.jpg"), join(images, "c.JPG"))
    const outcome = await run(folder.path, images)
    const { rows } = await readParquet(join(outcome.shards, "00000.parquet"))
    assert.deepStrictEqual(
      rows.map((row) => row.url),
      ["a.jpeg", "b.jpg", "c.JPG"],
    )
  })
})

describe("outputs", () => {
  it("hold no secrets, places or times", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/good": send(image) })
    const url = server.url.replace("://", "://user:secret@")
    const list = await writeList(folder.path, [`${url}/good`, `${url}/bad?token=secret`])
    const outcome = await run(folder.path, list)
    const texts = [
      await readFile(join(outcome.shards, "00000.tar"), "latin1"),
      JSON.stringify((await readParquet(join(outcome.shards, "00000.parquet"))).rows.map((row) => row.url)),
      JSON.stringify(await outcome.summary()),
      outcome.warnings.join(),
    ]
    assert.strictEqual(server.requests[0]?.headers.authorization, `Basic ${btoa("user:secret")}`)
    for (const text of texts) {
      assert.notInclude(text, "user:secret")
      assert.notInclude(text, folder.path)
    }
    assert.include(texts[2], `bad?token=***`)
    const again = await run(join(folder.path, "again"), list)
    assert.deepStrictEqual(digests(again.shards), digests(outcome.shards))
  })
})
