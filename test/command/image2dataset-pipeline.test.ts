import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import sharp from "sharp"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { picture, samplesOf } from "../../packages/stages/src/datasets/image2dataset/fixtures/job.ts"
import { textOf } from "../../packages/stages/src/formats/index.ts"
import {
  type FaultyServer,
  send,
  startServer,
} from "../../packages/stages/src/network/fixtures/faulty-server.ts"
import { makeFolder, removeFolder, root, run } from "./command.ts"

const image = await picture(120, 90)
let folder: string
let server: FaultyServer
let absent: Set<string>

beforeEach(async () => {
  folder = makeFolder()
  absent = new Set()
  server = await startServer({
    "/": (request, response, count) => {
      if (absent.has(request.url ?? "")) response.writeHead(404).end()
      else send(image)(request, response, count)
    },
  })
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  removeFolder(folder)
})

const path = (index: number): string => `/${index}.jpg`
const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: to - from }, (_, index) => from + index)

const writeList = (indexes: ReadonlyArray<number>): void =>
  writeFileSync(join(folder, "list.txt"), indexes.map((index) => `${server.url}${path(index)}\n`).join(""))

/** Runs a pipeline of one download. @returns the paths that were asked for */
const download = async (settings = "", ...flags: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  writeFileSync(
    join(folder, "images.yaml"),
    `version: 1
name: images
outputs: { shards: "\${{ stages.images.outputs.shards }}", summary: "\${{ stages.images.outputs.summary }}" }
stages:
  images:
    uses: dataset/image2dataset
    with: { list: list.txt, image-size: 32, number-sample-per-shard: 10, retries: 0, allow-private-addresses: true${settings} }
`,
  )
  const before = server.requests.length
  const { code, stderr } = await run(folder, ["run", "images.yaml", ...flags])
  expect(code, stderr).toBe(0)
  return server.requests
    .slice(before)
    .map((request) => request.path)
    .sort()
}

const shards = (): ReadonlyArray<string> =>
  readdirSync(join(folder, "results", "images", "shards")).filter((name) => !name.startsWith("."))
const summary = (): unknown =>
  JSON.parse(readFileSync(join(folder, "results", "images", "summary.json"), "utf8"))
const files = (count: number): ReadonlyArray<string> =>
  range(0, count).flatMap((shard) => [".parquet", ".tar", "_stats.json"].map((end) => `0000${shard}${end}`))

describe("a pipeline that downloads images", () => {
  test("downloads only what its list has more, and has no shards but the list's", async () => {
    writeList(range(0, 25))
    expect((await download()).length).toBe(25)
    expect(shards()).toEqual(files(3))
    // The same again asks for nothing.
    expect(await download()).toEqual([])
    writeList([...range(100, 102), ...range(0, 25), ...range(200, 208)])
    expect(await download()).toEqual([100, 101, ...range(200, 208)].map(path).sort())
    expect(shards()).toEqual(files(4))
    expect(summary()).toMatchObject({ count: 35, successes: 35 })
    // Shorter: nothing is asked for, and nothing is left of what it was.
    writeList(range(3, 9))
    expect(await download()).toEqual([])
    expect(shards()).toEqual(files(1))
    expect(summary()).toMatchObject({ count: 6, successes: 6 })
    // Another list altogether, and other options, have nothing in common with what there was.
    writeList(range(300, 312))
    expect((await download()).length).toBe(12)
    expect(shards()).toEqual(files(2))
    expect((await download(", encode-format: png")).length).toBe(12)
    // Whoever wants it all anew gets it.
    expect((await download(", encode-format: png", "--force", "images")).length).toBe(12)
  })

  test("tries URLs again that failed, and those alone, when it is told to", async () => {
    writeList(range(0, 25))
    for (const index of [3, 21]) absent.add(path(index))
    await download()
    expect(summary()).toMatchObject({ successes: 23 })
    absent.clear()
    expect(await download(", try-again: 1")).toEqual([21, 3].map(path))
    expect(summary()).toMatchObject({ successes: 25 })
  })
})

test("the pipeline of Conceptual Captions takes Google's list as it is", async () => {
  // Captions and URLs without a line of names, and a quote that is no more than a character.
  const lines = range(0, 3).map((index) => `a "big picture ${index}\timages/${index}.jpg`)
  mkdirSync(join(folder, "images"))
  for (const index of [0, 2]) writeFileSync(join(folder, "images", `${index}.jpg`), image)
  writeFileSync(join(folder, "Train_GCC-training.tsv"), `${lines.join("\n")}\n`)
  const { code, stderr } = await run(folder, [
    "run",
    join(root, "pipelines", "cc3m.yaml"),
    "--param",
    `list=${join(folder, "Train_GCC-training.tsv")}`,
    "--param",
    "image-size=64",
  ])
  expect(code, stderr).toBe(0)
  const results = join(folder, "results", "cc3m")
  expect(JSON.parse(readFileSync(join(results, "summary.json"), "utf8"))).toMatchObject({
    count: 3,
    successes: 2,
  })
  const samples = await samplesOf(join(results, "shards", "00000.tar"))
  expect(samples.map((sample) => textOf(sample, "txt"))).toEqual(['a "big picture 0', 'a "big picture 2'])
  const [first] = samples
  const { width, height } = await sharp(first?.files.get("jpg")).metadata()
  expect([width, height]).toEqual([85, 64])
})
