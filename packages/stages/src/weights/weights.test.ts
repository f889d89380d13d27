import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { mkdir, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Progress, StageFailure } from "@diva-pipeline/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import {
  cut,
  inTurn,
  type Route,
  send,
  slam,
  startServer,
  status,
} from "../network/fixtures/faulty-server.ts"
import { CATALOGUE, type FetchJob, fetchWeights, type WeightsRequest } from "./index.ts"

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * index) % 251))
const digest = sha256(content)

const makeFolder = (): Disposable & { readonly path: string } => {
  const path = mkdtempSync(join(tmpdir(), "diva-weights-"))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const fetch = async (folder: string, request: WeightsRequest, changes: Partial<FetchJob> = {}) => {
  const output = mkdtempSync(join(folder, "output-"))
  const checkpoint = join(folder, "checkpoint")
  await mkdir(checkpoint, { recursive: true })
  const said: Array<string> = []
  const progress: Array<Progress> = []
  const job = { output, checkpoint, timeout: 500, retry: { times: 2, delay: 1, longest: 100 }, ...changes }
  const exit = await Effect.runPromiseExit(
    fetchWeights(request, job, {
      progress: (report) => progress.push(report),
      log: (_, message) => said.push(message),
    }),
  )
  return { exit, output, said, progress }
}

const failureOf = ({ exit }: { exit: Exit.Exit<unknown, StageFailure> }): StageFailure => {
  const reason = Exit.isFailure(exit) ? exit.cause.reasons[0] : undefined
  if (reason?._tag !== "Fail") throw new Error(`it did not fail: ${JSON.stringify(exit)}`)
  return reason.error
}

const one = (...urls: ReadonlyArray<string>): WeightsRequest => ({
  name: "mine",
  files: [{ path: "model.safetensors", urls, sha256: digest }],
})

/** A server of files that can continue, as the ETag allows; it cuts the first `cuts` answers. */
const resumable =
  (etag: (count: number) => string, cuts: number, body: (count: number) => Buffer = () => content): Route =>
  (request, response, count) => {
    const bytes = body(count)
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")
    const start = range !== null && request.headers["if-range"] === etag(count) ? Number(range[1]) : 0
    const end = count < cuts ? Math.min(bytes.length, start + 60_000) : bytes.length
    response.writeHead(start > 0 ? 206 : 200, {
      etag: etag(count),
      "content-length": `${bytes.length - start}`,
      ...(start > 0 && { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    })
    response.write(bytes.subarray(start, end), () => {
      if (end === bytes.length) response.end()
      else setTimeout(() => request.socket.destroy(), 250)
    })
  }

describe("a download of weights", () => {
  it("continues where it was cut, in the same attempt and in the next one", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/model": resumable(() => '"v1"', 4) })
    const request = one(`${server.url}/model`)
    const first = await fetch(folder.path, request, { retry: { times: 1, delay: 1, longest: 10 } })
    assert.strictEqual(failureOf(first).reason, "transient")
    const second = await fetch(folder.path, request)
    assert.isTrue(Exit.isSuccess(second.exit))
    assert.deepStrictEqual(readFileSync(join(second.output, "model.safetensors")), content)
    const ranges = server.requests.map(({ headers }) => headers.range)
    assert.deepStrictEqual(ranges, [undefined, "bytes=60000-", "bytes=120000-", "bytes=180000-"])
    assert.deepStrictEqual(second.progress.at(-1), { done: 200_000, total: 200_000, unit: "bytes" })
    const third = await fetch(folder.path, request)
    assert.isTrue(Exit.isSuccess(third.exit))
    assert.strictEqual(server.requests.length, 4)
  })

  it("begins anew when the file has another ETag", async () => {
    using folder = makeFolder()
    const old = Buffer.from(content).reverse()
    await using server = await startServer({
      "/model": resumable(
        (count) => (count === 0 ? '"old"' : '"new"'),
        1,
        (count) => (count === 0 ? old : content),
      ),
    })
    const { exit, output } = await fetch(folder.path, one(`${server.url}/model`))
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
    assert.strictEqual(server.requests[1]?.headers["if-range"], '"old"')
  })

  it("recovers from servers that continue wrongly, or not at all", async () => {
    using folder = makeFolder()
    const broken = (second: Route): Route =>
      inTurn(
        resumable(() => '"v"', 1),
        second,
        send(content),
      )
    await using server = await startServer({
      "/another": broken((_, response) => {
        const body = Buffer.alloc(140_000)
        response.writeHead(206, { "content-range": "bytes 60000-199999/200000" }).end(body)
      }),
      "/elsewhere": broken((_, response) => {
        response.writeHead(206, { "content-range": "bytes 5-9/10" }).end("12345")
      }),
      "/unsatisfiable": broken(status(416)),
    })
    for (const path of ["another", "elsewhere", "unsatisfiable"]) {
      const { exit } = await fetch(join(folder.path), one(`${server.url}/${path}`))
      assert.isTrue(Exit.isSuccess(exit), path)
      assert.strictEqual(server.count(`/${path}`), 3)
      rmSync(join(folder.path, "checkpoint"), { recursive: true })
    }
  })

  it("refuses and discards what has another digest, naming both", async () => {
    using folder = makeFolder()
    const other = Buffer.from("<html>login</html>")
    await using server = await startServer({ "/model": send(other, { etag: '"1"' }) })
    const failed = await fetch(folder.path, one(`${server.url}/model`))
    const failure = failureOf(failed)
    assert.strictEqual(failure.reason, "permanent")
    assert.include(failure.message, `its sha256 is ${sha256(other)}, and should be ${digest}`)
    assert.deepStrictEqual(readdirSync(join(folder.path, "checkpoint")), [])
    assert.deepStrictEqual(readdirSync(failed.output), [])
    assert.strictEqual(server.count("/model"), 1)
  })

  it("goes from mirror to mirror, and says what was wrong with each", async () => {
    using folder = makeFolder()
    const file = join(folder.path, "mine.bin")
    await writeFile(file, content)
    await using server = await startServer({
      "/slam": slam,
      "/busy": status(503),
      "/cut": cut(content, 10),
      "/wrong": send("wrong"),
    })
    const urls = ["slam", "gone?token=abc", "busy", "cut", "wrong"].map((path) => `${server.url}/${path}`)
    const failure = failureOf(await fetch(folder.path, one(...urls)))
    assert.strictEqual(failure.reason, "transient")
    const lines = failure.message.replaceAll(server.url, "").split("\n")
    assert.strictEqual(lines[0], "model.safetensors could not be fetched:")
    assert.strictEqual(lines[1], "  /slam: the server closed the connection")
    assert.strictEqual(lines[2], "  /gone?token=***: the server answered 404 Not Found")
    assert.strictEqual(lines[3], "  /busy: the server answered 503 Service Unavailable")
    assert.strictEqual(lines[4], "  /cut: the response was cut short after 10 of 200000 bytes")
    assert.match(lines[5] ?? "", /^ {2}\/wrong: its sha256 is/)
    assert.strictEqual(server.count("/gone?token=abc"), 1)
    const { exit, output } = await fetch(folder.path, one(...urls, pathToFileURL(file).href))
    assert.isTrue(Exit.isSuccess(exit))
    const manifest = readFileSync(join(output, "manifest.json"), "utf8")
    assert.deepStrictEqual(JSON.parse(manifest).files["model.safetensors"], {
      size: 200_000,
      sha256: digest,
      sources: urls.map((url) => url.replace("abc", "***")),
    })
    assert.notInclude(manifest, folder.path)
  })

  it("fails for want of a network as something that may pass", async () => {
    using folder = makeFolder()
    const server = await startServer({})
    await server[Symbol.asyncDispose]()
    const failure = failureOf(await fetch(folder.path, one(`${server.url}/model`)))
    assert.strictEqual(failure.reason, "transient")
    assert.include(failure.message, "connection refused")
  })

  it("shows its token to nobody but Hugging Face", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/model": send(content) })
    const { said } = await fetch(folder.path, one(`${server.url}/model`), { token: "hf_secret" })
    assert.strictEqual(server.requests[0]?.headers.authorization, undefined)
    assert.notInclude(said.join(), "hf_secret")
  })
})

describe("what is asked for", () => {
  const failing = async (request: WeightsRequest) => {
    using folder = makeFolder()
    return failureOf(await fetch(folder.path, request))
  }

  it("must be known, or given whole", async () => {
    const unknown = await failing({ name: "micro-clp", files: [] })
    assert.strictEqual(unknown.message, 'the catalogue has no weights named "micro-clp"')
    assert.strictEqual(unknown.hint, "did you mean `micro-clip`?")
    const unchecked = await failing({ name: "dfn-h14-224", files: [] })
    assert.strictEqual(
      unchecked.message,
      "there is no sha256 for open_clip_config.json, open_clip_pytorch_model.bin of dfn-h14-224, and nothing is downloaded unchecked",
    )
    const nowhere = await failing({ name: "mine", files: [{ path: "a", sha256: digest }] })
    assert.include(nowhere.message, "there is no URL for a")
  })

  it("must stay in its folder", async () => {
    for (const path of ["../a", "a/../b", "/a", "a//b", "a\\b", "C:a", "./a", "manifest.json", "a\0"])
      assert.match(
        (await failing({ name: "mine", files: [{ path, urls: ["https://x/y"], sha256: digest }] })).message,
        /is not possible/,
      )
  })

  it("may add to the catalogue", async () => {
    using folder = makeFolder()
    const entry = CATALOGUE.find(({ name }) => name === "dfn-h14-224")
    const files = entry === undefined || entry.files === "packaged" ? [] : entry.files
    await using server = await startServer({ "/": send(content) })
    const request = {
      name: "dfn-h14-224",
      files: files.map(({ path }) => ({
        path,
        urls: [`${server.url}/${path}`],
        sha256: digest.toUpperCase(),
      })),
    }
    const { exit, output } = await fetch(folder.path, request)
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual(
      readdirSync(output).sort(),
      [...files.map(({ path }) => path), "manifest.json"].sort(),
    )
    assert.strictEqual(JSON.parse(readFileSync(join(output, "manifest.json"), "utf8")).licence, "apple-ascl")
  })
})

describe("packaged models", () => {
  const packageOf = async (models: string, bytes: Uint8Array) => {
    await mkdir(join(models, "micro-sd", "unet"), { recursive: true })
    await writeFile(join(models, "micro-sd", "unet", "config.json"), bytes)
    const files = { "unet/config.json": { size: content.length, sha256: digest } }
    await writeFile(join(models, "micro-sd", "manifest.json"), JSON.stringify({ seed: 1, files }))
  }

  it("are taken from the package, checked like all others", async () => {
    using folder = makeFolder()
    const models = join(folder.path, "models")
    await packageOf(models, content)
    const { exit, output } = await fetch(folder.path, { name: "micro-sd", files: [] }, { models })
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual(readFileSync(join(output, "unet", "config.json")), content)
    rmSync(join(folder.path, "checkpoint"), { recursive: true })
    await packageOf(models, Buffer.from("harmed"))
    assert.include(
      failureOf(await fetch(folder.path, { name: "micro-sd", files: [] }, { models })).message,
      "sha256 is",
    )
  })

  it("that are missing are told", async () => {
    using folder = makeFolder()
    const request = { name: "micro-clip", files: [] }
    const failure = failureOf(await fetch(folder.path, request, { models: folder.path }))
    assert.include(failure.message, "micro-clip that should come with this package is missing")
  })
})

describe("the catalogue", () => {
  it("has one name for each, and an address for every file", () => {
    const names = CATALOGUE.map(({ name }) => name)
    assert.strictEqual(new Set(names).size, names.length)
    for (const { files } of CATALOGUE)
      if (files !== "packaged")
        for (const { mirrors, sha256: known } of files) {
          assert.isAtLeast(mirrors.length, 1)
          for (const mirror of mirrors) assert.match(mirror, /^https:\/\/[^ ]+$/)
          assert.match(known ?? digest, /^[0-9a-f]{64}$/)
        }
  })
})
