import { readFileSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { join } from "node:path"
import sharp from "sharp"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run } from "./command.ts"

const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
let folder = ""
let server: Server | undefined
let address = ""

/** A server with an image, a text that claims to be one, and the file of three letters that the digest is of. */
const serve = async (port = 0): Promise<void> => {
  const image = await sharp({ create: { width: 40, height: 40, channels: 3, background: "teal" } })
    .png()
    .toBuffer()
  const files: Readonly<Record<string, string | Buffer>> = {
    "/good": image,
    "/bad": "no image",
    "/abc": "abc",
  }
  const started = createServer(({ url = "" }, response) => {
    const file = files[url]
    response.statusCode = file === undefined ? 404 : 200
    response.end(file)
  })
  await new Promise<void>((resolve) => started.listen(port, "127.0.0.1", resolve))
  const bound = started.address()
  if (bound === null || typeof bound === "string") throw new Error("the server has no port")
  address = `http://127.0.0.1:${bound.port}`
  server = started
}

const cut = () => new Promise<unknown>((resolve) => server?.close(resolve) ?? resolve(undefined))

beforeEach(async () => {
  folder = makeFolder()
  await serve()
})
afterEach(async () => {
  await cut()
  removeFolder(folder)
})

/** Writes a pipeline of one stage, whose output is the result `it`. */
const write = (output: string, stage: string): void =>
  writeFileSync(
    join(folder, "work.yaml"),
    `version: 1\nname: work\noutputs: { it: "\${{ stages.it.outputs.${output} }}" }\nstages:\n  it:\n${stage}`,
  )
const result = (...path: ReadonlyArray<string>): string =>
  readFileSync(join(folder, "results", "work", ...path), "utf8")

describe("a download of images", () => {
  const prepare = () => {
    const list = ["good", "bad", "absent"].map((name) => `${address}/${name}\n`).join("")
    writeFileSync(join(folder, "list.txt"), list)
    write(
      "summary",
      "    uses: dataset/image2dataset\n    with: { list: list.txt, image-size: 32, retries: 0, allow-private-addresses: true }\n",
    )
  }

  test("counts and lists what it cannot have, and goes on", async () => {
    prepare()
    const { code, stderr } = await run(folder, ["run", "work.yaml"])
    expect(stderr).not.toContain("✗")
    expect(code).toBe(0)
    const summary: unknown = JSON.parse(result("it.json"))
    expect(summary).toMatchObject({ count: 3, successes: 1 })
    for (const path of ["bad", "absent"]) expect(result("it.json")).toContain(`${address}/${path}`)
  })

  test("without a network ends, and says that nothing came", async () => {
    prepare()
    await cut()
    const { code, stderr } = await run(folder, ["run", "work.yaml"])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^✗ it +failed: /m)
  })
})

describe("a download of weights", () => {
  test("with no way to any mirror fails with one message, and goes on when there is one again", async () => {
    write(
      "weights",
      `    uses: weights/fetch
    with: { name: mine, files: [{ path: abc.txt, urls: ["${address}/abc"], sha256: ${sha256} }] }
    retry: { attempts: 1 }
`,
    )
    const port = Number(new URL(address).port)
    await cut()
    const { code, stderr } = await run(folder, ["run", "work.yaml"])
    expect(code).toBe(1)
    expect(stderr).toContain("abc.txt could not be fetched")
    expect(stderr).toContain(`${address}/abc`)
    expect(stderr).toContain("check the network; what has come is kept, and the next run continues")
    expect(stderr).not.toMatch(/^ +at [^w]/m)
    await serve(port)
    expect((await run(folder, ["run", "work.yaml"])).code).toBe(0)
    expect(readFileSync(join(folder, "results", "work", "it", "abc.txt"), "utf8")).toBe("abc")
  })
})
