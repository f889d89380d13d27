import { spawn } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Exit } from "effect"
import sharp from "sharp"
import { assert, describe, it } from "vitest"
import { type Route, send, startServer } from "../../network/fixtures/faulty-server.ts"
import { makeFolder, options, picture, run, samplesOf, writeList } from "./fixtures/job.ts"
import { ImageProcessor } from "./images/image-processor.ts"
import type { DownloadOptions } from "./options.ts"

const root = join(import.meta.dirname, "../../../../..")
const script = join(root, "test/reference/image2dataset_readers.py")
/** A Python that has webdataset, pyarrow and OpenCV, as img2dataset's own environment has. */
const python = process.env.DIVA_REFERENCE_PYTHON ?? "python3"

const call = (args: ReadonlyArray<string>, input: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(python, args, { stdio: ["pipe", "pipe", "pipe"] })
    let [printed, errors] = ["", ""]
    child.stdout.on("data", (text) => {
      printed += text
    })
    child.stderr.on("data", (text) => {
      errors += text
    })
    child.on("error", reject)
    child.on("close", (code) => (code === 0 ? resolve(printed) : reject(new Error(errors))))
    child.stdin.end(input)
  })

const ask = async (questions: ReadonlyArray<ReadonlyArray<unknown>>) =>
  JSON.parse(await call([script], JSON.stringify(questions)))

/** What a condition in Python says; to look for modules takes less time than to import them. */
const holds = (condition: string): Promise<boolean> => {
  const has = "has = lambda *names: all(importlib.util.find_spec(name) for name in names)"
  const program = `import importlib.metadata, importlib.util, sys\n${has}\nsys.exit(not (${condition}))`
  return call(["-c", program], "").then(
    () => true,
    () => false,
  )
}
const isInstalled = await holds('has("webdataset", "pyarrow", "cv2", "numpy")')
const hasTensorflow = await holds('has("tensorflow")')
/** With a later webdataset than it asks for, open_clip's loader reads no shards at all. */
const hasOpenClip = await holds(
  'has("open_clip_train", "webdataset", "pandas") and int(importlib.metadata.version("webdataset").split(".")[2]) <= 86',
)
const title = isInstalled
  ? "Python's readers"
  : "Python's readers (skipped: webdataset, pyarrow and opencv-python-headless are not installed for DIVA_REFERENCE_PYTHON or python3)"

/** Clouds of noise: much to get wrong. */
const cloud = async (width: number, height: number): Promise<Buffer> => {
  const noise = Buffer.alloc(40 * 30 * 3)
  for (let at = 0; at < noise.length; at++) noise[at] = (at * 7919 + (at >> 3) * 104_729) % 251
  return sharp(noise, { raw: { width: 40, height: 30, channels: 3 } })
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .jpeg({ quality: 90 })
    .toBuffer()
}

/** Two shards of twelve images of their own sizes, of which the fourth is absent. */
const download = async (folder: string, changes: Partial<DownloadOptions>): Promise<string> => {
  const routes: Record<string, Route> = {}
  for (let index = 0; index < 13; index++)
    if (index !== 3) routes[`/${index}.jpg`] = send(await picture(100 + index, 80))
  await using server = await startServer(routes)
  const urls = Array.from({ length: 13 }, (_, index) => `${server.url}/${index}.jpg`)
  const list = await writeList(folder, urls)
  const { exit, shards } = await run(folder, list, {
    captionCol: "caption",
    saveAdditionalColumns: ["id"],
    ...changes,
  })
  assert.isTrue(Exit.isSuccess(exit), String(exit))
  return shards
}

describe.skipIf(!hasOpenClip)("open_clip's training loader", { timeout: 300_000 }, () => {
  it("trains with our shards", async () => {
    using folder = makeFolder()
    const shards = await download(folder.path, {})
    const [found] = await ask([["train", join(shards, "{00000..00001}.tar"), 12]])
    assert.deepStrictEqual(found.images, Array(3).fill([4, 3, 32, 32]))
    // Each digit is a token.
    const text = (index: number) => `<start_of_text>nr ${[...String(index)].join(" ")} , é <end_of_text>`
    const texts = Array.from({ length: 13 }, (_, index) => text(index))
    assert.deepStrictEqual(found.texts.sort(), texts.filter((_, index) => index !== 3).sort())
  })
})

describe.skipIf(!hasTensorflow)("TensorFlow", { timeout: 300_000 }, () => {
  it("reads our TFRecords", async () => {
    using folder = makeFolder()
    const shards = await download(folder.path, { outputFormat: "tfrecord" })
    const [first, second] = await ask([
      ["records", join(shards, "00000.tfrecord")],
      ["records", join(shards, "00001.tfrecord")],
    ])
    assert.deepStrictEqual([first.length, second.length], [9, 3])
    const { jpg, txt, id, key, width, original_width, exif } = first[3]
    assert.deepStrictEqual(jpg, ["bytes_list", [64, 83, 3]])
    assert.deepStrictEqual(txt, ["bytes_list", "nr 4, é"])
    assert.deepStrictEqual(key, ["bytes_list", "000004"])
    assert.deepStrictEqual(exif, ["bytes_list", "{}"])
    assert.deepStrictEqual(
      [id, width, original_width],
      [
        ["int64_list", 4],
        ["int64_list", 83],
        ["int64_list", 104],
      ],
    )
  })
})

// Python takes its time to import all that.
describe.skipIf(!isInstalled)(title, { timeout: 300_000 }, () => {
  it("read our shards and tables as they read img2dataset's", async () => {
    using folder = makeFolder()
    const routes: Record<string, Route> = {}
    for (let index = 0; index < 12; index++) routes[`/${index}.jpg`] = send(await picture(100 + index, 80))
    await using server = await startServer(routes)
    const urls = Array.from({ length: 13 }, (_, index) => `${server.url}/${index}.jpg`)
    const list = await writeList(folder.path, urls)
    const changes: Partial<DownloadOptions> = { captionCol: "caption", saveAdditionalColumns: ["id"] }
    const shards = await run(folder.path, list, changes)
    const tables = await run(join(folder.path, "tables"), list, { ...changes, outputFormat: "parquet" })
    assert.isTrue(Exit.isSuccess(shards.exit) && Exit.isSuccess(tables.exit))

    const [samples, rest, table, images, theirs] = await ask([
      ["shard", join(shards.shards, "00000.tar")],
      ["shard", join(shards.shards, "00001.tar")],
      ["table", join(shards.shards, "00000.parquet")],
      ["table", join(tables.shards, "00000.parquet")],
      ["table", join(root, "test/fixtures/img2dataset/csv_wds/00000.parquet")],
    ])
    assert.deepStrictEqual(table.schema, theirs.schema)
    assert.deepStrictEqual(images.schema, [...theirs.schema, ["jpg", "binary"]])
    assert.strictEqual(samples.length, 10)
    assert.strictEqual(rest.length, 2)
    assert.strictEqual(samples[3].key, "000003")
    assert.strictEqual(samples[3].text, "nr 3, é")
    assert.deepStrictEqual(samples[3].size, [82, 64])
    assert.deepStrictEqual(samples[3].meta, table.rows[3])
    const ours = await samplesOf(join(shards.shards, "00000.tar"))
    const first = Buffer.from(ours[0]?.files.get("jpg") ?? []).toString("hex")
    assert.strictEqual(images.rows[0].jpg, first)
  })

  it("see objects in our tables as they do in img2dataset's", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": send(await picture(40, 30)) })
    const list = join(folder.path, "list.jsonl")
    const rows = [
      { place: { lat: 1.5, tags: ["a"], in: { deep: true } }, many: [{ n: 1 }, { n: 2 }] },
      { place: { lat: 2, tags: [], in: null }, many: [] },
      { place: null, many: null },
      { place: { lat: null, tags: null, in: { deep: null } }, many: [null, { n: null }] },
    ]
    const lines = rows.map((row) => JSON.stringify({ url: `${server.url}/x`, ...row }))
    await writeFile(list, lines.join("\n"))
    const { shards } = await run(folder.path, list, { saveAdditionalColumns: ["place", "many"] })
    const [table] = await ask([["table", join(shards, "00000.parquet")]])
    assert.deepStrictEqual(table.schema.slice(0, 2), [
      ["place", "struct<lat: double, tags: list<element: string>, in: struct<deep: bool>>"],
      ["many", "list<element: struct<n: int64>>"],
    ])
    for (const [index, row] of rows.entries()) assert.deepInclude(table.rows[index], row)
  })

  it("see lists in our tables as they do in img2dataset's", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": send(await picture(40, 30)) })
    const list = join(folder.path, "list.jsonl")
    const rows = [
      { tags: ["a", "é"], sizes: [1, 2], boxes: [[0.5]] },
      { tags: [], sizes: null, boxes: [] },
    ]
    const lines = rows.map((row) => JSON.stringify({ url: `${server.url}/x`, ...row }))
    await writeFile(list, lines.join("\n"))
    const { shards } = await run(folder.path, list, { saveAdditionalColumns: ["tags", "sizes", "boxes"] })
    const [table] = await ask([["table", join(shards, "00000.parquet")]])
    assert.deepStrictEqual(table.schema.slice(0, 3), [
      ["tags", "list<element: string>"],
      ["sizes", "list<element: int64>"],
      ["boxes", "list<element: list<element: double>>"],
    ])
    for (const [index, row] of rows.entries()) assert.deepInclude(table.rows[index], row)
  })

  it("OpenCV resizes as we do: area to the bit, the others but for rounding", async () => {
    using folder = makeFolder()
    const original = join(folder.path, "original.jpg")
    await writeFile(original, await cloud(611, 402))
    const cases = [
      ["area", 256, 0.001, 1],
      ["area", 201, 0.001, 1],
      ["area", 67, 0.001, 1],
      ["nearest", 256, 0, 0],
      ["linear", 256, 0.15, 1],
      ["cubic", 256, 0.001, 1],
      ["lanczos", 256, 0.1, 1],
      ["area", 700, 0.15, 1],
      ["linear", 700, 0.15, 1],
      ["cubic", 700, 0.001, 1],
      ["lanczos", 700, 0.1, 1],
      ["nearest", 700, 0, 0],
    ] as const
    const questions: Array<ReadonlyArray<unknown>> = []
    for (const [interpolation, imageSize] of cases) {
      const processor = await ImageProcessor.open(
        options({
          imageSize,
          resizeMode: "keep_ratio",
          encodeFormat: "png",
          downscaleInterpolation: interpolation,
          upscaleInterpolation: interpolation,
        }),
      )
      const bytes = new Uint8Array(await readFile(original))
      const result = await processor.process({ bytes, expectedHash: undefined, boxes: undefined })
      const file = join(folder.path, `${interpolation}-${imageSize}.png`)
      await writeFile(file, "problem" in result ? "" : result.bytes)
      questions.push(["compare", original, file, interpolation])
    }
    for (const [index, found] of (await ask(questions)).entries()) {
      const [interpolation, size, mean, most] = cases[index] ?? []
      assert.isAtMost(found.mean, mean ?? 0, `${interpolation} ${size}`)
      assert.isAtMost(found.most, most ?? 0, `${interpolation} ${size}`)
    }
  })

  it("OpenCV writes the very bytes that we write", async () => {
    using folder = makeFolder()
    const original = join(folder.path, "original.jpg")
    await writeFile(original, await cloud(503, 377))
    const processor = await ImageProcessor.open(options({ imageSize: 256, resizeMode: "keep_ratio" }))
    const bytes = new Uint8Array(await readFile(original))
    const result = await processor.process({ bytes, expectedHash: undefined, boxes: undefined })
    const [wanted] = await ask([["encoded", original, 256, 95]])
    assert.strictEqual("problem" in result ? "" : Buffer.from(result.bytes).toString("hex"), wanted)
  })
})
