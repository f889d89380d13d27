import { readdirSync, readFileSync, rmSync } from "node:fs"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import { cut, send, slam, startServer, status } from "../network/fixtures/faulty-server.ts"
import { content, digest, failureOf, fetch, makeFolder, one, sha256 } from "./fixtures/fetching.ts"
import { CATALOGUE, type WeightsRequest } from "./index.ts"

describe("a download of weights", () => {
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
    const { said } = await fetch(folder.path, one(`${server.url}/model`), {
      environment: { HF_TOKEN: "hf_secret" },
    })
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
    const repository = await failing({ name: "hf-hub:apple/DFN5B-CLIP-ViT-H-14", files: [] })
    assert.strictEqual(
      repository.hint,
      "a repository is asked for with `repository: apple/DFN5B-CLIP-ViT-H-14`",
    )
    const unchecked = await failing({ name: "mine", files: [{ path: "a", urls: ["https://x/y"] }] })
    assert.strictEqual(
      unchecked.message,
      "there is no sha256 for a of mine, and nothing is downloaded unchecked",
    )
    const revision = await failing({ name: "mine", revision: "v1", files: [] })
    assert.include(revision.message, "and none is given")
    const taken = await failing({ name: "dfn-h14-224", repository: "a/b", files: [] })
    assert.include(taken.message, "is the name of other weights in the catalogue")
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
    await packageOf(models, Buffer.from(content).reverse())
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
          for (const mirror of mirrors) assert.match(mirror, /^(https:\/\/|hf:\/\/[\w.-]+\/[\w.-]+@)[^ ]+$/)
          assert.match(known ?? digest, /^[0-9a-f]{64}$/)
        }
  })

  it("is told in full in the documentation", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../../docs/models.md"), "utf8")
    for (const { name, files } of CATALOGUE) {
      assert.include(page, `\`${name}\``)
      if (files === "packaged") continue
      for (const { path, sha256: known, mirrors } of files) {
        if (!/\.(safetensors|bin|pt)$/.test(path)) continue
        if (known !== null) assert.include(page, `\`${known.slice(0, 8)}…\``)
        for (const [, commit] of mirrors.join().matchAll(/@([0-9a-f]{8})[0-9a-f]{32}\//g))
          assert.include(page, `\`${commit}…\``)
      }
    }
  })
})
