import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import { inTurn, send, slam, status } from "../../network/fixtures/faulty-server.ts"
import {
  at,
  COMMIT,
  cacheOf,
  config,
  files,
  hubWith,
  manifest,
  OLD,
  request,
  TOKEN,
  wanted,
} from "../fixtures/clip-repository.ts"
import { content, digest, failureOf, fetch, makeFolder, sha256 } from "../fixtures/fetching.ts"
import { gitSha1, type HubBehaviour, type HubEntry } from "../fixtures/hub-server.ts"
import { ranged } from "../fixtures/ranged.ts"

describe("a repository of the hub", () => {
  it("is fetched at the commit that its branch is, in parts, and the commit is recorded", async () => {
    using folder = makeFolder()
    await using hub = await hubWith({ page: 2 })
    const { exit, output, progress } = await fetch(folder.path, request, at(hub))
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    for (const [path, { bytes }] of Object.entries(files))
      assert.deepStrictEqual(readFileSync(join(output, path)), bytes, path)
    assert.deepStrictEqual(manifest(output).files["model.safetensors"], {
      size: content.length,
      sha256: digest,
      from: `hf://owner/clip@${COMMIT}/model.safetensors`,
      sources: ["hf://owner/clip@main/model.safetensors"],
      digest: "told by the hub when it was fetched",
    })
    const total = Object.values(files).reduce((sum, { bytes }) => sum + bytes.length, 0)
    assert.deepStrictEqual(progress.at(-1), { done: total, total, unit: "bytes" })
    const resolved = hub.hub.requests.filter(({ path }) => path.includes("/resolve/"))
    assert.isTrue(resolved.every(({ path }) => path.includes(`/resolve/${COMMIT}/`)))
    assert.strictEqual(hub.hub.requests.filter(({ path }) => path.includes("/revision/")).length, 1)
    assert.isAtLeast(hub.store.requests.filter(({ headers }) => headers.range !== undefined).length, 8)
  })

  it("is not asked for its commit when it is given one", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    const { exit, output } = await fetch(folder.path, { ...wanted, revision: OLD }, at(hub))
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.deepStrictEqual(readdirSync(output), [
      "manifest.json",
      "model.safetensors",
      "open_clip_config.json",
    ])
    assert.isFalse(hub.hub.requests.some(({ path }) => path.includes("/revision/")))
  })

  it("is taken by patterns as Python's library has them", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    const taken = async (include: ReadonlyArray<string>, exclude: ReadonlyArray<string>) => {
      const { exit, output } = await fetch(folder.path, { ...request, include, exclude }, at(hub))
      assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
      return Object.keys(manifest(output).files)
    }
    assert.deepStrictEqual(await taken(["unet/"], []), ["unet/model.bin"])
    assert.deepStrictEqual(await taken(["*.bin", "R[A-F]ADME.??"], []), ["README.md", "unet/model.bin"])
    assert.deepStrictEqual(await taken([], ["*.bin", "*.safetensors", "[!o]*"]), ["open_clip_config.json"])
    const failure = failureOf(await fetch(folder.path, { ...request, include: ["*.onnx"] }, at(hub)))
    assert.include(failure.hint ?? "", "model.safetensors")
  })

  it("gives single files by their addresses, checked by a digest of the user's as well", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    const file = (address: string, path: string, expected?: string) => ({
      name: "mine",
      files: [{ path, urls: [`hf://owner/clip${address}`], sha256: expected }],
    })
    for (const address of ["/model.safetensors", "@v1/model.safetensors", "@refs/pr/1/model.safetensors"]) {
      const { exit } = await fetch(folder.path, file(address, "a", digest), at(hub))
      assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    }
    const before = hub.store.requests.length
    const other = failureOf(
      await fetch(folder.path, file("/model.safetensors", "a", "1".repeat(64)), at(hub)),
    )
    assert.include(other.message, `its sha256 is ${digest} there, and should be ${"1".repeat(64)}`)
    assert.strictEqual(hub.store.requests.length, before)
    const small = file("/open_clip_config.json", "a", "1".repeat(64))
    assert.include(
      failureOf(await fetch(folder.path, small, at(hub))).message,
      `its sha256 is ${sha256(config)}`,
    )
    const outside = failureOf(await fetch(folder.path, file("/../../x", "a"), at(hub)))
    assert.include(outside.message, "leads out of its repository")
  })

  it("is refused where its content has another digest than the hub says, in LFS and in git", async () => {
    using folder = makeFolder()
    const wrong = (entry: HubEntry): HubBehaviour["repositories"] => ({
      "owner/clip": { refs: { main: COMMIT }, files: { file: entry } },
    })
    await using lfs = await hubWith({
      repositories: wrong({ bytes: content, storage: "lfs", claimed: "1".repeat(64) }),
    })
    const large = failureOf(await fetch(folder.path, request, at(lfs)))
    assert.include(large.message, `its sha256 is ${digest}, and should be ${"1".repeat(64)}`)
    await using git = await hubWith({
      repositories: wrong({ bytes: config, storage: "git", claimed: "1".repeat(40) }),
    })
    const small = failureOf(await fetch(folder.path, request, at(git)))
    assert.include(
      small.message,
      `its git digest (sha1) is ${gitSha1(config)}, and should be ${"1".repeat(40)}`,
    )
    assert.isFalse(existsSync(join(cacheOf(folder.path), "blobs")))
  })

  it("is fetched though both of its servers misbehave", async () => {
    using folder = makeFolder()
    await using hub = await hubWith({
      before: (path, count) => {
        if (path.includes("/revision/")) return count < 2 ? inTurn(slam, status(503)) : undefined
        if (path.includes("/tree/")) return count === 0 ? status(429, { "retry-after": "0" }) : undefined
        return path.endsWith("model.safetensors") && count % 5 === 1 ? status(500) : undefined
      },
      store: (bytes) =>
        ranged({
          bytes: () => bytes,
          etag: () => '"v"',
          cutAfter: (count) => (count % 3 === 0 ? 9000 : undefined),
        }),
    })
    const { exit, output } = await fetch(folder.path, request, at(hub))
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
  })
})

describe("the token", () => {
  it("opens what is gated, goes to the hub alone, and is told to nobody", async () => {
    using folder = makeFolder()
    await using hub = await hubWith({ isGated: true })
    const done = await fetch(folder.path, wanted, at(hub, { HF_TOKEN: ` ${TOKEN}\n` }))
    assert.isTrue(Exit.isSuccess(done.exit), JSON.stringify(done.exit))
    assert.isTrue(hub.hub.requests.every(({ headers }) => headers.authorization === `Bearer ${TOKEN}`))
    assert.isAtLeast(hub.store.requests.length, 4)
    assert.isTrue(hub.store.requests.every(({ headers }) => headers.authorization === undefined))
    const told = JSON.stringify(done) + readFileSync(join(done.output, "manifest.json"), "utf8")
    assert.notInclude(told, TOKEN)
    assert.notInclude(told, "of-the-store")
  })

  it("is asked for, or said to be of no use", async () => {
    using folder = makeFolder()
    await using hub = await hubWith({ isGated: true })
    const without = failureOf(await fetch(folder.path, wanted, at(hub)))
    assert.strictEqual(without.reason, "permanent")
    assert.include(without.message, "the server answered 401 Unauthorized")
    assert.strictEqual(
      without.hint,
      `the publisher wants a login: accept the licence on ${hub.url}/owner/clip, and set HF_TOKEN (${hub.url}/settings/tokens)`,
    )
    const wrong = failureOf(await fetch(folder.path, wanted, at(hub, { HF_TOKEN: "hf_other" })))
    assert.include(wrong.message, "403")
    assert.include(wrong.hint ?? "", "HF_TOKEN does not open it")
    assert.notInclude(JSON.stringify([wrong.message, wrong.hint]), "hf_other")
  })
})

describe("what is not there", () => {
  it("is told by its name: repository, revision, file", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    const failing = async (address: string) =>
      failureOf(await fetch(folder.path, { name: "mine", files: [{ path: "a", urls: [address] }] }, at(hub)))
        .message
    assert.include(
      await failing("hf://owner/nothing/a"),
      "there is no repository owner/nothing, or it is private",
    )
    assert.include(await failing("hf://owner/clip@v9/a"), "owner/clip has no revision v9")
    assert.include(await failing("hf://owner/clip/a"), `owner/clip has no file a at ${COMMIT}`)
    assert.include(await failing("hf://owner"), "is no address on the hub")
  })

  it("is looked for in the next repository, whose file must have the same digest", async () => {
    using folder = makeFolder()
    const copy = { refs: { main: OLD }, files: { m: { bytes: content, storage: "lfs" } } } as const
    const other = { refs: { main: OLD }, files: { m: { bytes: config, storage: "lfs" } } } as const
    await using hub = await hubWith({ repositories: { "a/copy": copy, "b/other": other } })
    const urls = ["hf://gone/away/m", "hf://b/other/m", "hf://a/copy/m"]
    const { exit, output, said } = await fetch(
      folder.path,
      { name: "mine", files: [{ path: "m", urls, sha256: digest }] },
      at(hub),
    )
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.strictEqual(manifest(output).files.m.from, `hf://a/copy@${OLD}/m`)
    assert.include(said.join("\n"), `hf://b/other/m: its sha256 is ${sha256(config)} there`)
    assert.isFalse(hub.store.requests.some(({ path }) => path.includes(sha256(config))))
  })

  it("is a server that is no hub", async () => {
    using folder = makeFolder()
    await using hub = await hubWith({ before: () => send("<html>", { "content-type": "text/html" }) })
    const failure = failureOf(await fetch(folder.path, request, at(hub)))
    assert.strictEqual(failure.reason, "permanent")
    assert.include(failure.message, "the server's answer is not one of Hugging Face's hub")
    const wrong = failureOf(await fetch(folder.path, request, { environment: { HF_ENDPOINT: "hub" } }))
    assert.include(wrong.message, "HF_ENDPOINT is no address")
  })
})
