import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import { status } from "../../network/fixtures/faulty-server.ts"
import { at, COMMIT, hubWith, request, TOKEN } from "../fixtures/clip-repository.ts"
import { content, digest, fetch, makeFolder } from "../fixtures/fetching.ts"
import type { HubBehaviour, LocalHub } from "../fixtures/hub-server.ts"
import { ranged } from "../fixtures/ranged.ts"

const inXet: HubBehaviour["repositories"] = {
  "owner/clip": {
    refs: { main: COMMIT },
    files: { "model.safetensors": { bytes: content, storage: "xet" } },
  },
}

describe("Xet", () => {
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

describe("Xet that fails midway", () => {
  const plainParts = (hub: LocalHub) =>
    hub.store.requests.filter(({ path }) => path.startsWith(`/${digest}`)).map(({ headers }) => headers.range)

  it("leaves the rest to plain parts", async () => {
    using folder = makeFolder()
    await using hub = await hubWith({
      repositories: inXet,
      chunks: (_, count) => (count >= 1 ? status(404) : undefined),
    })
    const { exit, output } = await fetch(folder.path, request, at(hub))
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
    assert.isAtLeast(plainParts(hub).length, 1)
    assert.notInclude(plainParts(hub), "bytes=0-49999")
  })

  it("or gives wrong bytes, is not believed", async () => {
    using folder = makeFolder()
    await using hub = await hubWith({
      repositories: inXet,
      chunks: (bytes) => {
        const harmed = Buffer.from(bytes)
        harmed[100] = (harmed[100] ?? 0) ^ 1
        return ranged({ bytes: () => harmed })
      },
    })
    const { exit, output, said } = await fetch(folder.path, request, at(hub))
    assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit))
    assert.deepStrictEqual(readFileSync(join(output, "model.safetensors")), content)
    assert.match(said.join("\n"), /from xet:.*its sha256 is/)
  })
})
