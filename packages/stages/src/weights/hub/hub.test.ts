import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import { inTurn, send, slam, status } from "../../network/fixtures/faulty-server.ts"
import { content, digest, failureOf, fetch, makeFolder, sha256 } from "../fixtures/fetching.ts"
import { gitSha1, type HubBehaviour, type HubEntry, startHub } from "../fixtures/hub-server.ts"
import { ranged } from "../fixtures/ranged.ts"

const COMMIT = "c".repeat(40)
const OLD = "0".repeat(40)
const TOKEN = "hf_secret"
const config = Buffer.from('{ "model_cfg": {} }')

const files: Readonly<Record<string, HubEntry>> = {
  "README.md": { bytes: Buffer.from("# A model"), storage: "git" },
  "open_clip_config.json": { bytes: config, storage: "git" },
  "model.safetensors": { bytes: content, storage: "lfs" },
  "unet/model.bin": { bytes: Buffer.from(content).reverse(), storage: "lfs" },
}

const hubWith = (changes: Partial<HubBehaviour> & { readonly isGated?: boolean } = {}) =>
  startHub({
    token: TOKEN,
    repositories: {
      "owner/clip": {
        refs: { main: COMMIT, v1: OLD, "refs/pr/1": OLD },
        files,
        isGated: changes.isGated ?? false,
      },
    },
    ...changes,
  })

const request = { name: "mine", repository: "owner/clip", files: [] }
const wanted = { ...request, include: ["*.json", "model.*"] }
const at = (hub: { readonly url: string }, more: Readonly<Record<string, string>> = {}) => ({
  environment: { HF_ENDPOINT: hub.url, ...more },
})
const manifest = (output: string) => JSON.parse(readFileSync(join(output, "manifest.json"), "utf8"))
const cacheOf = (folder: string) => join(folder, "hugging-face", "hub", "models--owner--clip")
const forget = (folder: string) => rmSync(join(folder, "checkpoint"), { recursive: true })

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

describe("Xet", () => {
  const inXet: HubBehaviour["repositories"] = {
    "owner/clip": {
      refs: { main: COMMIT },
      files: { "model.safetensors": { bytes: content, storage: "xet" } },
    },
  }

  it("gives parts that are put together and checked", async () => {
    using folder = makeFolder()
    await using hub = await hubWith({ repositories: inXet })
    const { exit, output } = await fetch(folder.path, request, at(hub, { HF_TOKEN: TOKEN }))
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
    assert.isAtLeast(hub.store.requests.filter(({ path }) => path.startsWith("/xorb/")).length, 4)
    assert.isFalse(hub.store.requests.some(({ headers }) => headers.authorization?.includes(TOKEN)))
  })

  it("is not used when it fails or is not wanted: plain parts come in its place", async () => {
    for (const more of [{ HF_HUB_DISABLE_XET: "1" }, {}]) {
      using folder = makeFolder()
      await using hub = await hubWith({
        repositories: inXet,
        before: (path, count) => (path.includes("xet-read-token") && count >= 0 ? status(403) : undefined),
      })
      const { exit, output } = await fetch(folder.path, request, at(hub, more))
      assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
      assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
      assert.isFalse(hub.store.requests.some(({ path }) => path.startsWith("/xorb/")))
    }
  })
})

describe("the cache", () => {
  it("is written in Python's layout", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    const { output } = await fetch(folder.path, request, at(hub))
    const cache = cacheOf(folder.path)
    assert.strictEqual(readFileSync(join(cache, "refs", "main"), "utf8"), COMMIT)
    const names = Object.values(files).map(({ bytes, storage }) =>
      (storage === "git" ? gitSha1 : sha256)(bytes),
    )
    assert.deepStrictEqual(readdirSync(join(cache, "blobs")), names.toSorted())
    const snapshot = join(cache, "snapshots", COMMIT)
    assert.strictEqual(readlinkSync(join(snapshot, "model.safetensors")), `../../blobs/${digest}`)
    const nested = sha256(files["unet/model.bin"]?.bytes ?? config)
    assert.strictEqual(readlinkSync(join(snapshot, "unet/model.bin")), `../../../blobs/${nested}`)
    const inode = (path: string) => lstatSync(path).ino
    assert.notStrictEqual(inode(join(output, "model.safetensors")), inode(join(cache, "blobs", digest)))
  })

  it("is read before the hub's bytes are asked for", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    await fetch(folder.path, request, at(hub))
    forget(folder.path)
    const before = hub.store.requests.length
    const { exit, output } = await fetch(folder.path, request, at(hub))
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
    assert.strictEqual(hub.store.requests.length, before)
  })

  it("is enough for a file at a commit, unless its copy is damaged", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    await fetch(folder.path, wanted, at(hub))
    forget(folder.path)
    const asked = hub.hub.requests.length
    const file = {
      name: "mine",
      files: [{ path: "a", urls: [`hf://owner/clip@${COMMIT}/model.safetensors`] }],
    }
    const { exit, output } = await fetch(folder.path, file, at(hub))
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.strictEqual(manifest(output).files.a.sha256, digest)
    assert.strictEqual(hub.hub.requests.length, asked)
    writeFileSync(join(cacheOf(folder.path), "blobs", digest), "damaged")
    const again = await fetch(folder.path, file, at(hub))
    assert.isTrue(Exit.isSuccess(again.exit), JSON.stringify(again.exit))
    assert.deepStrictEqual(readFileSync(join(again.output, "a")), content)
  })

  it("is mended where it is damaged", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    await fetch(folder.path, request, at(hub))
    forget(folder.path)
    const blob = join(cacheOf(folder.path), "blobs", digest)
    writeFileSync(blob, Buffer.alloc(content.length))
    const { exit, output, said } = await fetch(folder.path, request, at(hub))
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
    assert.deepStrictEqual(readFileSync(blob), content)
    assert.match(said.join("\n"), /warning: .*model\.safetensors is damaged: its sha256 is/)
  })

  it("serves a new commit with the contents of an old one", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    await fetch(folder.path, { ...wanted, revision: "v1" }, at(hub))
    const before = hub.store.requests.length
    await fetch(folder.path, wanted, at(hub))
    assert.strictEqual(hub.store.requests.length, before)
    const snapshot = join(cacheOf(folder.path), "snapshots", COMMIT)
    assert.deepStrictEqual(readFileSync(join(snapshot, "model.safetensors")), content)
    assert.isTrue(realpathSync(join(snapshot, "model.safetensors")).endsWith(join("blobs", digest)))
  })

  it("that cannot be written to costs nothing but the sharing", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    writeFileSync(join(folder.path, "file"), "")
    const { exit, output, said } = await fetch(
      folder.path,
      wanted,
      at(hub, { HF_HUB_CACHE: join(folder.path, "file", "hub") }),
    )
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
    assert.include(said.join("\n"), "is not put into the cache")
  })
})

describe("offline", () => {
  const offline = { HF_HUB_OFFLINE: "1" }

  it("what the cache has is enough, checked, and nobody is asked", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    await fetch(folder.path, request, at(hub))
    forget(folder.path)
    const before = hub.hub.requests.length
    for (const revision of ["main", COMMIT]) {
      const { exit, output } = await fetch(folder.path, { ...request, revision }, at(hub, offline))
      assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
      assert.deepStrictEqual(readFileSync(join(output, "unet/model.bin")), files["unet/model.bin"]?.bytes)
      assert.strictEqual(manifest(output).files["README.md"].from, `hf://owner/clip@${COMMIT}/README.md`)
    }
    assert.strictEqual(hub.hub.requests.length, before)
  })

  it("what the cache has not, or has damaged, is told", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    const nothing = failureOf(await fetch(folder.path, request, at(hub, offline)))
    assert.include(nothing.message, "HF_HUB_OFFLINE is set, and the cache has no revision main of owner/clip")
    assert.include(nothing.hint ?? "", "run once without HF_HUB_OFFLINE")
    await fetch(folder.path, wanted, at(hub))
    forget(folder.path)
    const file = { name: "mine", files: [{ path: "a", urls: ["hf://owner/clip/README.md"] }] }
    const missing = failureOf(await fetch(folder.path, file, at(hub, offline)))
    assert.include(missing.message, "the cache has no file README.md")
    writeFileSync(join(cacheOf(folder.path), "blobs", digest), "damaged")
    const damaged = failureOf(await fetch(folder.path, wanted, at(hub, offline)))
    assert.include(damaged.message, "the cache's copy is damaged, and HF_HUB_OFFLINE is set")
    const web = { name: "mine", files: [{ path: "a", urls: [`${hub.url}/a`], sha256: digest }] }
    assert.include(
      failureOf(await fetch(folder.path, web, at(hub, offline))).message,
      "HF_HUB_OFFLINE is set",
    )
  })

  it("by mischance: what the cache knows of a branch counts, with a warning", async () => {
    using folder = makeFolder()
    await using hub = await hubWith()
    await fetch(folder.path, request, at(hub))
    forget(folder.path)
    await hub[Symbol.asyncDispose]()
    const { exit, said } = await fetch(folder.path, request, at(hub))
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.match(said.join("\n"), /warning: connection refused: revision main of owner\/clip is taken to be/)
  })

  it("a snapshot without links needs a digest of the user's", async () => {
    using folder = makeFolder()
    const snapshot = join(cacheOf(folder.path), "snapshots", COMMIT)
    mkdirSync(snapshot, { recursive: true })
    writeFileSync(join(snapshot, "model.safetensors"), content)
    const file = (expected?: string) => ({
      name: "mine",
      files: [{ path: "a", urls: [`hf://owner/clip@${COMMIT}/model.safetensors`], sha256: expected }],
    })
    const environment = { environment: offline }
    assert.include(
      failureOf(await fetch(folder.path, file(), environment)).message,
      "its digest is not told there",
    )
    assert.isTrue(Exit.isSuccess((await fetch(folder.path, file(digest), environment)).exit))
  })
})
