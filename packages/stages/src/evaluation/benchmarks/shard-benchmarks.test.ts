import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { writeBenchmarkSamples } from "../../formats/index.ts"
import { openClassificationBenchmark } from "./classification-benchmark.ts"
import { parseNumpyVector } from "./npy.ts"
import { readRetrievalBenchmark } from "./retrieval-benchmark.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "benchmark-"))
})
afterEach(() => rm(folder, { recursive: true }))

const bytes = (text: string) => new TextEncoder().encode(text)
type Files = Readonly<Record<string, string | Uint8Array>>
const writeSamples = (samples: ReadonlyArray<Files>) =>
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
  )

const all = async <A>(samples: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const list: Array<A> = []
  for await (const sample of samples) list.push(sample)
  return list
}

/** A NumPy file of one row, as numpy.save writes it. */
const npy = (type: string, data: ArrayBuffer, length: number): Uint8Array => {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${length},), }`.padEnd(117, " ")
  const start = Buffer.from("\x93NUMPY\x01\x00", "latin1")
  return Buffer.concat([start, Buffer.from([118, 0]), Buffer.from(`${header}\n`), Buffer.from(data)])
}

describe("opening a classification benchmark", () => {
  const texts = async (classnames: string, templates: string) => {
    await writeFile(join(folder, "classnames.txt"), classnames)
    await writeFile(join(folder, "zeroshot_classification_templates.txt"), templates)
  }

  it("gives names, templates and labelled images in order", async () => {
    await texts("zero\r\none\n\n", "a photo of {c}.\n{c}")
    await writeSamples([
      { cls: "1\n", png: "first" },
      { cls: "0", png: "second" },
    ])
    const { classnames, templates, samples } = await openClassificationBenchmark(folder)
    expect([classnames, templates]).toEqual([
      ["zero", "one"],
      ["a photo of {c}.", "{c}"],
    ])
    const found = await all(samples())
    expect(found.map(({ key, target }) => [key, target])).toEqual([
      ["s0", 1],
      ["s1", 0],
    ])
    expect(new TextDecoder().decode(found[0]?.image)).toBe("first")
  })

  it("takes several labels from a NumPy row", async () => {
    await texts("a\nb\nc\n", "{c}\n")
    await writeSamples([{ npy: npy("<i8", BigInt64Array.of(1n, 0n, 1n).buffer, 3), jpg: "pixels" }])
    const { samples } = await openClassificationBenchmark(folder)
    expect((await all(samples()))[0]?.target).toEqual([1, 0, 1])
  })

  it.each<[string, Files, RegExp]>([
    ["no image", { cls: "0" }, /s0 .* has no image/],
    ["no class", { png: "x" }, /s0 .* has no \.cls/],
    ["a class that isn't there", { png: "x", cls: "2" }, /the class "2", but classes are 0 to 1/],
    ["a class that is a word", { png: "x", cls: "cat" }, /the class "cat"/],
    [
      "a NumPy row of another length",
      { png: "x", npy: npy("|b1", Uint8Array.of(1).buffer, 1) },
      /\.npy of 2 numbers/,
    ],
  ])("fails at a sample with %s", async (_, files, message) => {
    await texts("a\nb\n", "{c}\n")
    await writeSamples([files])
    const { samples } = await openClassificationBenchmark(folder)
    await expect(all(samples())).rejects.toMatchObject({
      _tag: "StageFailure",
      message: expect.stringMatching(message),
    })
  })

  it("names the text file that is missing, empty or broken, and its line", async () => {
    await expect(openClassificationBenchmark(folder)).rejects.toMatchObject({
      file: join(folder, "classnames.txt"),
    })
    await texts("\n", "{c}\n")
    await expect(openClassificationBenchmark(folder)).rejects.toMatchObject({ message: "the file is empty" })
    await texts("a\n\nb\n", "{c}\n")
    await expect(openClassificationBenchmark(folder)).rejects.toMatchObject({
      file: `${join(folder, "classnames.txt")}:2`,
    })
    await texts("a\n", "{c}\na photo\n")
    await expect(openClassificationBenchmark(folder)).rejects.toMatchObject({
      message: expect.stringContaining('"a photo" has no place {c}'),
      file: `${join(folder, "zeroshot_classification_templates.txt")}:2`,
    })
  })
})

describe("reading a retrieval benchmark", () => {
  it("takes a caption a line", async () => {
    await writeSamples([{ jpg: "x", txt: "a cat\n a grey cat \n\n" }])
    expect((await all(readRetrievalBenchmark(folder)))[0]?.captions).toEqual(["a cat", "a grey cat"])
  })

  it.each<[string, Files, RegExp]>([
    ["no image", { txt: "a cat" }, /has no image/],
    ["no captions", { jpg: "x" }, /has no \.txt/],
    ["empty captions", { jpg: "x", txt: " \n" }, /empty \.txt/],
  ])("fails at a sample with %s", async (_, files, message) => {
    await writeSamples([files])
    await expect(all(readRetrievalBenchmark(folder))).rejects.toMatchObject({
      _tag: "StageFailure",
      message: expect.stringMatching(message),
    })
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
