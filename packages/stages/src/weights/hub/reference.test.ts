import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { Exit } from "effect"
import { describe, expect, it } from "vitest"
import { content, fetch, makeFolder, sha256 } from "../fixtures/fetching.ts"
import { type HubEntry, startHub } from "../fixtures/hub-server.ts"

const script = join(import.meta.dirname, "../../../../../test/reference/hub_cache.py")
/** A Python that has huggingface_hub. */
const python = process.env.DIVA_REFERENCE_PYTHON ?? "python3"
const run = promisify(execFile)

const isInstalled = await run(python, ["-c", "import huggingface_hub"]).then(
  () => true,
  () => false,
)
const title = isInstalled
  ? "the cache is Python's, too"
  : "the cache is Python's, too (skipped: huggingface_hub is not installed for DIVA_REFERENCE_PYTHON or python3)"

const COMMIT = "c".repeat(40)
const files: Readonly<Record<string, HubEntry>> = {
  "README.md": { bytes: Buffer.from("# A model"), storage: "git" },
  "model.safetensors": { bytes: content, storage: "lfs" },
  "unet/config.json": { bytes: Buffer.from("{}"), storage: "git" },
}
const digests = Object.fromEntries(Object.entries(files).map(([path, { bytes }]) => [path, sha256(bytes)]))
const request = { name: "mine", repository: "owner/clip", files: [] }

const asPython = async (action: "read" | "write", home: string, more: Readonly<Record<string, string>>) => {
  const { stdout } = await run(python, [script, action, "owner/clip"], {
    env: { PATH: process.env.PATH, HOME: home, HF_HOME: join(home, "hugging-face"), ...more },
  })
  const said: unknown = JSON.parse(stdout)
  return said
}
const open = () => startHub({ repositories: { "owner/clip": { refs: { main: COMMIT }, files } } })

describe.skipIf(!isInstalled)(title, () => {
  it("huggingface_hub finds what was fetched here", async () => {
    using folder = makeFolder()
    await using hub = await open()
    const { exit } = await fetch(folder.path, request, { environment: { HF_ENDPOINT: hub.url } })
    expect(Exit.isSuccess(exit)).toBe(true)
    const found = await asPython("read", folder.path, { HF_HUB_OFFLINE: "1" })
    expect(found).toEqual({ commit: COMMIT, files: digests, warnings: [] })
  }, 60_000)

  it("huggingface_hub goes on with what was fetched here, without fetching it again", async () => {
    using folder = makeFolder()
    await using hub = await open()
    await fetch(
      folder.path,
      { ...request, include: ["*.safetensors"] },
      { environment: { HF_ENDPOINT: hub.url } },
    )
    const before = hub.store.requests.length
    const found = await asPython("write", folder.path, { HF_ENDPOINT: hub.url, HF_HUB_DISABLE_XET: "1" })
    expect(found).toEqual({ commit: COMMIT, files: digests, warnings: [] })
    expect(hub.store.requests.length).toBe(before)
  }, 60_000)

  it("what huggingface_hub has fetched is found here, offline", async () => {
    using folder = makeFolder()
    await using hub = await open()
    await asPython("write", folder.path, { HF_ENDPOINT: hub.url, HF_HUB_DISABLE_XET: "1" })
    const { exit, output } = await fetch(folder.path, request, { environment: { HF_HUB_OFFLINE: "1" } })
    expect(exit).toEqual(Exit.void)
    for (const [path, { bytes }] of Object.entries(files))
      expect(readFileSync(join(output, path))).toEqual(bytes)
  }, 60_000)
})
