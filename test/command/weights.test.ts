import { createHash } from "node:crypto"
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { startHub } from "../../packages/stages/src/weights/fixtures/hub-server.ts"
import { ranged } from "../../packages/stages/src/weights/fixtures/ranged.ts"
import { makeFolder, removeFolder, run, start } from "./command.ts"

const TOKEN = "hf_of-the-test"
const COMMIT = "c".repeat(40)
/** Three requests' worth, and a little. */
const content = Buffer.alloc((96 << 20) + 12_345)
for (let at = 0; at < content.length; at += 4096) content.writeUInt32LE(at, at)

let folder = ""
beforeEach(() => {
  folder = makeFolder()
  writeFileSync(
    join(folder, "work.yaml"),
    `version: 1
name: work
stages:
  it:
    uses: weights/fetch
    with: { name: mine, repository: owner/clip, exclude: ["*.md"] }
outputs: { it: "\${{ stages.it.outputs.weights }}" }
`,
  )
})
afterEach(() => removeFolder(folder))

/** Sends a large file in steps of a quarter of a megabyte, slowly. */
const slowly = (bytes: Buffer, sent: (count: number) => void) => {
  const parts = ranged({ bytes: () => bytes, etag: () => '"v"' })
  return (...[request, response, count]: Parameters<typeof parts>) => {
    const { end } = response
    const give = (body: Buffer): void => {
      if (response.destroyed) return
      const piece = body.subarray(0, 1 << 18)
      sent(piece.length)
      if (piece.length === body.length) end.call(response, piece, "utf8")
      else response.write(piece, () => setTimeout(() => give(body.subarray(piece.length)), 5))
    }
    Object.assign(response, { end: give })
    parts(request, response, count)
  }
}

/** All that is written in a folder but the weights themselves. */
const texts = (path: string): string =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).size < 1 << 20)
    .map((file) => `${file}\n${readFileSync(file, "latin1")}`)
    .join("\n")

describe("weights of a hub", () => {
  test("come through kills, without what had come being sent again, and tell no token", async () => {
    let sent = 0
    await using hub = await startHub({
      token: TOKEN,
      repositories: {
        "owner/clip": {
          isGated: true,
          refs: { main: COMMIT },
          files: {
            "README.md": { bytes: Buffer.from("#"), storage: "git" },
            "model.safetensors": { bytes: content, storage: "lfs" },
          },
        },
      },
      store: (bytes) => slowly(bytes, (count) => (sent += count)),
    })
    const env = { HF_ENDPOINT: hub.url, HF_HOME: join(folder, "hugging-face"), HF_TOKEN: TOKEN }
    for (const share of [0.4, 0.8]) {
      const killed = start(folder, ["run", "work.yaml"], { env })
      await until(() => sent > content.length * share)
      killed.process.kill("SIGKILL")
      await killed.ended
    }
    const { code, stderr } = await run(folder, ["run", "work.yaml"], { env })
    expect(stderr).toMatch(/^✓ it/m)
    expect(code).toBe(0)
    const result = readFileSync(join(folder, "results/work/it/model.safetensors"))
    const digest = createHash("sha256").update(content).digest("hex")
    expect(createHash("sha256").update(result).digest("hex")).toBe(digest)
    // A kill costs what was on its way or not yet recorded; without going on it would be 0.8 of the file.
    expect(sent).toBeLessThan(content.length + (48 << 20))
    expect(texts(folder)).toContain(`hf://owner/clip@${COMMIT}/model.safetensors`)
    expect(texts(folder) + stderr).not.toContain(TOKEN)
    const again = await run(folder, ["run", "work.yaml"], { env })
    expect(again.stderr).toMatch(/^✓ it +cached$/m)
  }, 240_000)

  test("that are gated fail with what to do, once", async () => {
    await using hub = await startHub({
      repositories: {
        "owner/clip": {
          isGated: true,
          refs: { main: COMMIT },
          files: { "model.safetensors": { bytes: Buffer.from("x"), storage: "lfs" } },
        },
      },
    })
    const env = { HF_ENDPOINT: hub.url, HF_HOME: join(folder, "hugging-face"), HF_TOKEN: TOKEN }
    const { code, stderr } = await run(folder, ["run", "work.yaml"], { env })
    expect(code).toBe(1)
    expect(stderr).toContain("the server answered 403 Forbidden")
    expect(stderr).toContain(`accept the licence on ${hub.url}/owner/clip`)
    expect(hub.hub.requests.filter(({ path }) => path.includes("/resolve/")).length).toBe(1)
    expect(stderr + texts(folder)).not.toContain(TOKEN)
  }, 60_000)
})

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}
