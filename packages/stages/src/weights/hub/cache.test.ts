import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import {
  at,
  COMMIT,
  cacheOf,
  config,
  files,
  forget,
  hubWith,
  manifest,
  request,
  wanted,
} from "../fixtures/clip-repository.ts"
import { content, digest, failureOf, fetch, makeFolder, sha256 } from "../fixtures/fetching.ts"
import { gitSha1 } from "../fixtures/hub-server.ts"

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
