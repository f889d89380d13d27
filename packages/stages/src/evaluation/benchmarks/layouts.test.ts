import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { writeBenchmarkSamples } from "../../formats/index.ts"
import { splitLines } from "./class-texts.ts"
import { type Benchmark, type BenchmarkSample, openBenchmark } from "./index.ts"
import { parseNumpyVector } from "./npy.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "benchmark-"))
})
afterEach(() => rm(folder, { recursive: true }))

const bytes = (text: string) => new TextEncoder().encode(text)
type Files = Readonly<Record<string, string | Uint8Array>>

const put = async (files: Files) => {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

const writeSamples = (samples: ReadonlyArray<Files>, samplesPerShard = 10_000) =>
  writeBenchmarkSamples(
    folder,
    samples.map((files, index) => ({
      key: `s${index}`,
      files: new Map(
        Object.entries(files).map(([name, content]) => [
          name,
          typeof content === "string" ? bytes(content) : content,
        ]),
      ),
    })),
    samplesPerShard,
  )

const all = async ({ samples }: Benchmark): Promise<ReadonlyArray<BenchmarkSample>> => {
  const list: Array<BenchmarkSample> = []
  for await (const sample of samples()) list.push(sample)
  return list
}

const text = (image: Uint8Array | undefined) => new TextDecoder().decode(image)
const texts = (classnames: string, templates = "{c}\n"): Promise<void> =>
  put({ "classnames.txt": classnames, "zeroshot_classification_templates.txt": templates })

/** A NumPy file of one row, as numpy.save writes it. */
const npy = (type: string, data: ArrayBuffer, length: number): Uint8Array => {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${length},), }`.padEnd(117, " ")
  const start = Buffer.from("\x93NUMPY\x01\x00", "latin1")
  return Buffer.concat([start, Buffer.from([118, 0]), Buffer.from(`${header}\n`), Buffer.from(data)])
}

describe("a webdataset", () => {
  it("of classes gives names, templates and labelled images in order, over its shards", async () => {
    await texts(" zero \r\none\n\n", "a photo of {c}.\n{c}")
    await writeSamples(
      [
        { cls: "1\n", png: "first" },
        { cls: "0", png: "second" },
        { cls: "1", webp: "third" },
      ],
      2,
    )
    const benchmark = await openBenchmark(folder)
    expect(benchmark).toMatchObject({
      task: "classification",
      // An empty line is a class without a name, as for CLIP_benchmark.
      classnames: ["zero", "one", ""],
      templates: ["a photo of {c}.", "{c}"],
      flags: [],
    })
    const found = await all(benchmark)
    expect(found.map(({ key, label, image }) => [key, label, text(image)])).toEqual([
      ["s0", 1, "first"],
      ["s1", 0, "second"],
      ["s2", 1, "third"],
    ])
    // Shards may lie in the folder itself, too.
    await put({ "test/classnames.txt": "a\nb" })
    expect((await openBenchmark(join(folder, "test"))).classnames).toEqual(["a", "b"])
  })

  it("gives the image that CLIP_benchmark looks for first", async () => {
    await texts("a\nb\n")
    await writeSamples([
      { cls: "0", jpeg: "4", jpg: "3", png: "2", webp: "1" },
      { jpg: "3", png: "2", cls: "0" },
    ])
    expect((await all(await openBenchmark(folder))).map(({ image }) => text(image))).toEqual(["1", "2"])
  })

  it("is flagged where shards are not counted, are more than counted, or have no end", async () => {
    const flags = async () => (await openBenchmark(folder)).flags
    await texts("a\nb\n")
    await writeSamples(
      ["a", "b", "c"].map((png) => ({ png, cls: "0" })),
      1,
    )
    await put({ "test/nshards.txt": "2\n" })
    expect(await flags()).toEqual(["shards that nshards.txt does not count, and that are left out: 2.tar"])
    expect(await all(await openBenchmark(folder))).toHaveLength(2)
    await rm(join(folder, "test/nshards.txt"))
    expect(await flags()).toEqual(["there is no nshards.txt to say how many shards there should be"])
    await put({ "test/nshards.txt": "3" })
    const whole = await readFile(join(folder, "test/1.tar"))
    // A sample is two files, each a header and a block.
    await put({ "test/1.tar": whole.subarray(0, 2048) })
    expect(await flags()).toEqual(["shards without an end, perhaps cut short: 1.tar"])
    expect(await all(await openBenchmark(folder))).toHaveLength(3)
    await put({ "test/1.tar": "" })
    await expect(openBenchmark(folder)).rejects.toMatchObject({
      message: expect.stringContaining("but 1.tar is missing"),
    })
  })

  it("of several labels gives those that are not 0", async () => {
    await texts("a\nb\nc\n")
    await put({ "dataset_type.txt": "multilabel\n" })
    await writeSamples([{ npy: npy("<i8", BigInt64Array.of(1n, 0n, 1n).buffer, 3), jpg: "pixels" }])
    const benchmark = await openBenchmark(folder)
    expect(benchmark.task).toBe("multilabel")
    expect((await all(benchmark))[0]?.targets).toEqual([0, 2])
    await rm(join(folder, "dataset_type.txt"))
    expect((await openBenchmark(folder)).task).toBe("multilabel")
  })

  it("of captions gives a caption a line", async () => {
    await writeSamples([{ jpg: "x", txt: "a cat\n a grey cat \n" }])
    const benchmark = await openBenchmark(folder)
    expect(benchmark.task).toBe("retrieval")
    expect((await all(benchmark))[0]?.captions).toEqual(["a cat", " a grey cat "])
  })

  it("gives another split when that is asked for", async () => {
    await texts("a\nb\n")
    await writeSamples([{ cls: "1", png: "x" }])
    await mkdir(join(folder, "train"))
    await writeFile(join(folder, "train", "nshards.txt"), "1")
    await expect(openBenchmark(folder, "train")).rejects.toMatchObject({
      message: expect.stringContaining("nshards.txt says 1 shards, but 0.tar is missing"),
    })
  })

  it.each<[string, Files, RegExp]>([
    ["no image", { cls: "0" }, /s0 .* has no image/],
    ["no class", { png: "x" }, /s0 .* has no \.cls/],
    [
      "a class that isn't there",
      { png: "x", cls: "2" },
      /the class "2", but classnames.txt has classes 0 to 1/,
    ],
    ["a class that is a word", { png: "x", cls: "cat" }, /the class "cat"/],
    [
      "a NumPy row of another length",
      { png: "x", npy: npy("|b1", Uint8Array.of(1).buffer, 1) },
      /\.npy of 2 numbers/,
    ],
    ["no captions", { jpg: "x", txt: " \n" }, /empty \.txt/],
    [
      "captions in another encoding",
      { jpg: "x", txt: Uint8Array.of(0x63, 0xe9) },
      /\.txt file that is not UTF-8/,
    ],
    [
      "a label that is neither there nor not",
      { png: "x", npy: npy("|i1", Int8Array.of(1, -1).buffer, 2) },
      /the number -1 for a class/,
    ],
  ])("is refused at a sample with %s", async (_, files, message) => {
    await texts("a\nb\n")
    await writeSamples([files])
    await expect(openBenchmark(folder).then(all)).rejects.toMatchObject({
      _tag: "StageFailure",
      message: expect.stringMatching(message),
    })
  })

  it("is refused without its texts, its shards, or a place for the class", async () => {
    await writeSamples([{ cls: "0", png: "x" }])
    await expect(openBenchmark(folder)).rejects.toMatchObject({ file: join(folder, "classnames.txt") })
    await texts("\n")
    await expect(openBenchmark(folder)).rejects.toMatchObject({ message: "the file is empty" })
    await texts("a\n", "{c}\na photo\n")
    await expect(openBenchmark(folder)).rejects.toMatchObject({
      message: expect.stringContaining('"a photo" has no place {c}'),
      file: `${join(folder, "zeroshot_classification_templates.txt")}:2`,
    })
    await texts("a\n", "{c}\na {c} {x}\n")
    await expect(openBenchmark(folder)).rejects.toMatchObject({
      message: 'the template "a {c} {x}" has another brace than those of {c}',
      file: `${join(folder, "zeroshot_classification_templates.txt")}:2`,
    })
    await texts("a\n")
    await put({ "classnames.txt": Uint8Array.of(0x63, 0xe9) })
    await expect(openBenchmark(folder)).rejects.toMatchObject({
      message: "the file is not UTF-8",
      file: join(folder, "classnames.txt"),
    })
    await texts("a\n")
    await put({ "test/nshards.txt": "3\n" })
    await expect(openBenchmark(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/not whole: nshards\.txt says 3 shards, but 1\.tar, 2\.tar are missing/),
    })
    await put({ "test/nshards.txt": "many" })
    await expect(openBenchmark(folder)).rejects.toMatchObject({ message: '"many" is no number of shards' })
  })
})

describe("a folder of images for each class", () => {
  it("gives classes in the order of their names, as torchvision does", async () => {
    await put({ "b/1.png": "b1", "a/2.JPG": "a2", "a/sub/3.webp": "a3", "Z/1.png": "Z1", "a/notes.txt": "" })
    const benchmark = await openBenchmark(folder)
    expect(benchmark).toMatchObject({ task: "classification", classnames: ["Z", "a", "b"], total: 4 })
    expect((await all(benchmark)).map(({ key, label, image }) => [key, label, text(image)])).toEqual([
      ["Z/1.png", 0, "Z1"],
      ["a/2.JPG", 1, "a2"],
      ["a/sub/3.webp", 1, "a3"],
      ["b/1.png", 2, "b1"],
    ])
  })

  it("follows links to folders, as torchvision does", async () => {
    await put({ "elsewhere/cats/1.png": "x", "set/b/1.png": "y" })
    await symlink(join(folder, "elsewhere", "cats"), join(folder, "set", "a"))
    await symlink(join(folder, "nowhere"), join(folder, "set", "c"))
    const benchmark = await openBenchmark(join(folder, "set"))
    expect(benchmark.classnames).toEqual(["a", "b"])
    expect((await all(benchmark)).map(({ key }) => key)).toEqual(["a/1.png", "b/1.png"])
  })

  it("are the classes of their names where the list has these, in whatever order", async () => {
    await put({ "cat/1.png": "x", "dog/1.png": "y", "classnames.txt": "dog\nowl\ncat\n" })
    const benchmark = await openBenchmark(folder)
    expect((await all(benchmark)).map(({ key, label }) => [key, label])).toEqual([
      ["cat/1.png", 2],
      ["dog/1.png", 0],
    ])
    await put({ "classnames.txt": "dog\na cat\n" })
    await expect(openBenchmark(folder)).rejects.toMatchObject({
      message:
        "classnames.txt has the class dog in line 1, but by the order of the folders' names it is class 2",
    })
  })

  it("may have its split in a folder, and other names", async () => {
    await put({ "test/n01/1.png": "x", "test/n02/1.png": "y", "train/n01/1.png": "z" })
    await texts("tench\ngoldfish\n", "a {c}\n")
    expect(await openBenchmark(folder)).toMatchObject({
      classnames: ["tench", "goldfish"],
      templates: ["a {c}"],
      total: 2,
    })
    expect(await openBenchmark(folder, "train").catch((error: unknown) => error)).toMatchObject({
      message: "classnames.txt has 2 names, but there are 1 folders of classes",
    })
    await mkdir(join(folder, "test", "empty"))
    await expect(openBenchmark(folder)).rejects.toMatchObject({ message: "the class empty has no images" })
  })
})

it("another split is not taken for a class, or for the one that is asked for", async () => {
  await put({ "train/a/1.png": "x", "val/a/1.png": "y", "table/train.csv": "image,label\n1.png,a\n" })
  await expect(openBenchmark(join(folder, "table"))).rejects.toMatchObject({
    message: expect.stringContaining("in a layout that is read"),
  })
  await rm(join(folder, "table"), { recursive: true })
  await expect(openBenchmark(folder)).rejects.toMatchObject({
    message: "the benchmark has no split test, but train, val",
  })
  expect((await openBenchmark(folder, "val")).classnames).toEqual(["a"])
})

it("what is no benchmark is told so", async () => {
  await expect(openBenchmark(join(folder, "none"))).rejects.toMatchObject({
    message: "the benchmark does not exist",
  })
  await put({ "notes.md": "x" })
  await expect(openBenchmark(folder)).rejects.toMatchObject({
    message: expect.stringContaining("in a layout that is read"),
  })
})

describe("lines", () => {
  it.each([
    ["", []],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["a\n\nb\r\nc\rd\u2028e", ["a", "", "b", "c", "d", "e"]],
    ["\n", [""]],
  ])("of %j are those of Python's splitlines", (given, lines) => {
    expect(splitLines(given)).toEqual(lines)
  })
})

describe("NumPy rows", () => {
  it.each([
    ["<f4", Float32Array.of(0, 1.5, -2).buffer, [0, 1.5, -2]],
    ["<i4", Int32Array.of(7, -7).buffer, [7, -7]],
    ["|u1", Uint8Array.of(255).buffer, [255]],
  ] as const)("of %s are read", (type, data, expected) => {
    expect(parseNumpyVector(npy(type, data, expected.length))).toEqual(expected)
  })

  it("are refused when truncated, of another type or shape, or no NumPy file", () => {
    const whole = npy("<f4", Float32Array.of(1, 2).buffer, 2)
    for (let length = 0; length < whole.length; length++)
      expect(parseNumpyVector(whole.slice(0, length))).toBeUndefined()
    expect(parseNumpyVector(npy(">f4", new ArrayBuffer(4), 1))).toBeUndefined()
    expect(parseNumpyVector(npy("|O1", new ArrayBuffer(1), 1))).toBeUndefined()
  })
})
