import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parquetWriteFile } from "hyparquet-writer"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { writeShards } from "../../../formats/index.ts"
import { decodeImage, encodePng } from "../../../images/index.ts"
import { CropStream, type DataRequest, START } from "./index.ts"
import { listParquetFiles, parquetImages } from "./parquet-images.ts"

const COUNT = 11

/** An image whose every pixel is its number. */
const image = (number: number): Uint8Array =>
  encodePng({ width: 12, height: 10, data: new Uint8Array(3 * 120).fill(10 * number) })

const request = (source: string, more: Partial<DataRequest> = {}): DataRequest => ({
  source,
  batches: { shuffleBuffer: 4, seed: 5, counts: [3, 2] },
  crops: {
    rule: { kind: "each-epoch", scale: [0.3, 1], ratio: [0.5, 2], seed: 5 },
    size: 8,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  },
  from: START,
  threads: 1,
  ahead: 2,
  ...more,
})

describe("the images of a training", () => {
  let work: string
  let folder: string
  let shards: string
  let tables: string

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "diva-data-"))
    ;[folder, shards, tables] = [join(work, "folder"), join(work, "shards"), join(work, "tables")]
    const numbers = Array.from({ length: COUNT }, (_, number) => number)
    const key = (number: number) => String(number).padStart(3, "0")
    await mkdir(folder)
    for (const number of numbers) await writeFile(join(folder, `${key(number)}.png`), image(number))
    const samples = numbers.map((number) => ({ key: key(number), files: new Map([["png", image(number)]]) }))
    await mkdir(shards)
    await writeShards(shards, samples, { samplesPerShard: 4 })
    await mkdir(tables)
    for (const [part, from] of [0, 6].entries()) {
      const own = numbers.slice(from, from === 0 ? 6 : COUNT)
      parquetWriteFile({
        filename: join(tables, `${part}.parquet`),
        columnData: [
          { name: "key", data: own.map(key), type: "STRING" },
          { name: "image", data: own.map(image), type: "BYTE_ARRAY" },
        ],
        rowGroupSize: 2,
      })
    }
  })
  afterAll(() => rm(work, { recursive: true }))

  /** Some batches of a stream. */
  const take = async (given: DataRequest, count: number, broken: Array<string> = []) => {
    const stream = new CropStream(given, (key) => broken.push(key))
    try {
      const batches = []
      for (let batch = 0; batch < count; batch++) batches.push(await stream.next())
      return batches
    } finally {
      await stream.close()
    }
  }

  it("come in the same order and crops from shards, files and tables, in however many threads", async () => {
    const expected = await take(request(shards), 7)
    expect(expected.map(({ count }) => count)).toEqual([3, 2, 3, 2, 3, 2, 3])
    expect(await take(request(folder), 7)).toEqual(expected)
    expect(await take(request(tables), 7)).toEqual(expected)
    expect(await take(request(shards, { threads: 3, ahead: 5 }), 7)).toEqual(expected)
    const epoch = expected.flatMap(({ ordinals }) => ordinals).slice(0, COUNT)
    expect(new Set(epoch).size).toBe(COUNT)
    expect(epoch).not.toEqual([...epoch].sort((a, b) => a - b))
    const [{ crops, ordinals } = { crops: new Float32Array(), ordinals: [0] }] = expected
    expect(crops[0]).toBeCloseTo((10 * (ordinals[0] ?? 0)) / 255, 2)
  })

  it("go on from any batch", async () => {
    const whole = await take(request(shards), 8)
    const from = whole[3]?.next ?? START
    expect(await take(request(shards, { from }), 4)).toEqual(whole.slice(4))
  })

  it("are cropped alike in every epoch, where crops are fixed", async () => {
    const { crops } = request(folder)
    const fixed = { ...crops, rule: { ...crops.rule, kind: "fixed" as const } }
    const batches = await take(
      request(folder, { crops: fixed, batches: { shuffleBuffer: 0, seed: 9, counts: [COUNT] } }),
      2,
    )
    expect(batches[1]?.crops).toEqual(batches[0]?.crops)
    expect(batches[0]?.ordinals).toEqual(Array.from({ length: COUNT }, (_, ordinal) => ordinal))
  })

  it("leave broken ones out, with others in their places", async () => {
    const broken = join(work, "broken")
    await mkdir(broken)
    for (const number of [0, 1, 3]) await writeFile(join(broken, `${number}.png`), image(number))
    await writeFile(join(broken, "2.png"), "no image")
    const told: Array<string> = []
    const given = request(broken, { batches: { shuffleBuffer: 0, seed: 1, counts: [3] } })
    const [first] = await take(given, 1, told)
    expect(first?.ordinals).toEqual([0, 1, 3])
    expect(told).toContain("2")
  })

  // Made by test/reference/parquet_images.py, with Hugging Face's datasets and pyarrow.
  const fixtures = join(import.meta.dirname, "../../../../../../test/fixtures/parquet")

  it.each([
    ["datasets", "datasets.parquet:0"],
    ["snappy", "0.png"],
    ["gzip", "0.png"],
    ["zstd", "0.png"],
    ["brotli", "0.png"],
    ["bytes", "key 0"],
  ])("of a table that Python has written are all there: %s", async (name, key) => {
    const images = []
    for await (const one of parquetImages([join(fixtures, `${name}.parquet`)])) images.push(one)
    expect(images[0]?.key).toBe(key)
    const pixels = await Promise.all(images.map(async ({ bytes }) => (await decodeImage(bytes)).data[0]))
    expect(pixels).toEqual([0, 10, 20, 30, 40])
    const whole = request(join(fixtures, `${name}.parquet`), {
      batches: { shuffleBuffer: 0, seed: 1, counts: [5] },
    })
    const [first] = await take(whole, 1)
    expect(first?.crops[(first?.crops.length ?? 0) - 1]).toBeCloseTo(40 / 255, 2)
  })

  it("of a table need a column", async () => {
    const other = join(work, "other")
    await mkdir(other)
    parquetWriteFile({
      filename: join(other, "a.parquet"),
      columnData: [{ name: "label", data: [1, 2] }],
    })
    const read = async () => {
      for await (const one of parquetImages(await listParquetFiles(other))) void one
    }
    await expect(read()).rejects.toThrow(/no column of images: its columns are label/)
  })

  it("that don't exist are told where they are waited for", async () => {
    await expect(take(request(join(work, "none")), 1)).rejects.toThrow(/does not exist/)
  })
})
