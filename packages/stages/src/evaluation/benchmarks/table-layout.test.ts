import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { parquetWriteBuffer } from "hyparquet-writer"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type Benchmark, type BenchmarkSample, openBenchmark } from "./index.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tables-"))
})
afterEach(() => rm(folder, { recursive: true }))

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (image: Uint8Array | undefined) => new TextDecoder().decode(image)

const put = async (files: Readonly<Record<string, string | Uint8Array>>) => {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

const texts = (classnames: string): Promise<void> =>
  put({ "classnames.txt": classnames, "zeroshot_classification_templates.txt": "{c}\n" })

const all = async ({ samples }: Benchmark): Promise<ReadonlyArray<BenchmarkSample>> => {
  const list: Array<BenchmarkSample> = []
  for await (const sample of samples()) list.push(sample)
  return list
}

describe("a table", () => {
  it("in another encoding is refused", async () => {
    await put({ "test.csv": Buffer.from("image,label\n1.png,caf\xe9\n", "latin1") })
    await expect(openBenchmark(folder)).rejects.toMatchObject({
      message: expect.stringContaining("the table can't be read"),
      file: join(folder, "test.csv"),
    })
  })

  it("of paths and names gives labelled images", async () => {
    await put({
      "test.csv": 'image,label\nimg/1.png,dog\nimg/2.png,"cat, grey"\n',
      "img/1.png": "1",
      "img/2.png": "2",
    })
    const benchmark = await openBenchmark(folder)
    expect(benchmark).toMatchObject({ task: "classification", classnames: ["cat, grey", "dog"], total: 2 })
    expect((await all(benchmark)).map(({ key, label, image }) => [key, label, text(image)])).toEqual([
      ["img/1.png", 1, "1"],
      ["img/2.png", 0, "2"],
    ])
  })

  it("of numbers takes its names from the list", async () => {
    await put({ "only.tsv": "filepath\tlabels\n1.png\t0|2\n2.png\t\n", "1.png": "1", "2.png": "2" })
    await texts("a\nb\nc\n")
    const benchmark = await openBenchmark(folder)
    expect(benchmark).toMatchObject({ task: "multilabel", classnames: ["a", "b", "c"] })
    expect((await all(benchmark)).map(({ targets }) => targets)).toEqual([[0, 2], []])
  })

  it("of captions gives the rows of one path as one image", async () => {
    await put({
      "test.csv": "filepath\ttitle\n1.png\ta cat\n2.png\ta dog\n1.png\tone cat\n",
      "1.png": "1",
      "2.png": "2",
    })
    const benchmark = await openBenchmark(join(folder, "test.csv"))
    expect(benchmark.task).toBe("retrieval")
    expect((await all(benchmark)).map(({ key, captions }) => [key, captions])).toEqual([
      ["1.png", ["a cat", "one cat"]],
      ["2.png", ["a dog"]],
    ])
  })

  it("of the hub's kind gives the images that are in it", async () => {
    const table = parquetWriteBuffer({
      schema: [
        { name: "root", num_children: 2 },
        { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
      ],
      columnData: [
        {
          name: "image",
          data: [
            { bytes: bytes("one"), path: "1.png" },
            { bytes: bytes("two"), path: "2.png" },
          ],
        },
        { name: "label", data: [1n, 0n] },
      ],
    })
    await put({ "data/test-00000-of-00001.parquet": Buffer.from(table) })
    await put({ "data/classnames.txt": "no\nyes\n" })
    const benchmark = await openBenchmark(folder)
    expect((await all(benchmark)).map(({ key, label, image }) => [key, label, text(image)])).toEqual([
      ["1.png", 1, "one"],
      ["2.png", 0, "two"],
    ])
  })

  it("of the hub's own library takes the classes' names from the file, and its column of classes", async () => {
    const features = {
      image: { _type: "Image" },
      common: { names: ["9", "a jay", "0"], _type: "ClassLabel" },
      several: { feature: { _type: "Value" }, _type: "Sequence" },
    }
    const table = parquetWriteBuffer({
      columnData: [
        { name: "image", data: [bytes("one"), bytes("two")], type: "BYTE_ARRAY" },
        { name: "common", data: [0n, 1n], type: "INT64" },
      ],
      kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
    })
    await put({ "data/test-00000-of-00001.parquet": Buffer.from(table) })
    await put({ "zeroshot_classification_templates.txt": "a {c}, a bird\n" })
    const benchmark = await openBenchmark(folder)
    expect(benchmark).toMatchObject({
      task: "classification",
      classnames: ["9", "a jay", "0"],
      templates: ["a {c}, a bird"],
    })
    // A number is a number, though a class is called so.
    expect((await all(benchmark)).map(({ label }) => label)).toEqual([0, 1])
  })

  it("of several classes in a list gives them all", async () => {
    const features = { tags: { feature: { names: ["a", "b", "c"], _type: "ClassLabel" }, _type: "List" } }
    const table = parquetWriteBuffer({
      columnData: [
        { name: "image", data: [bytes("one"), bytes("two")], type: "BYTE_ARRAY" },
        { name: "tags", data: [[0, 2], []], type: "JSON" },
      ],
      kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }],
    })
    await put({ "test.parquet": Buffer.from(table) })
    const benchmark = await openBenchmark(folder)
    expect(benchmark).toMatchObject({ task: "multilabel", classnames: ["a", "b", "c"] })
    expect((await all(benchmark)).map(({ targets }) => targets)).toEqual([[0, 2], []])
  })

  it.each([
    ["without images", "name,label\na,b\n", /no column of images: it has name, label/],
    ["without classes", "image,size\na,b\n", /no column of classes or captions/],
    ["of numbers without names", "image,label\n1.png,0\n", /nothing says what they are called/],
    ["of an image that is missing", "image,label\nnone.png,cat\n", /the image none\.png is missing/],
    ["of addresses", "image,label\nhttps://a.example/b.png,cat\n", /image is at https:/],
    ["of rows that differ", "image,label\na,b,c\n", /can't be read/],
    ["of nothing", "image,label\n", /no rows/],
  ])("%s is refused", async (_, content, message) => {
    await put({ "test.csv": content })
    await expect(openBenchmark(folder).then(all)).rejects.toMatchObject({
      _tag: "StageFailure",
      message: expect.stringMatching(message),
    })
  })
})
