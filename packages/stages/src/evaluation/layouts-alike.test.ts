import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { parquetWriteBuffer } from "hyparquet-writer"
import { afterAll, beforeAll, expect, it } from "vitest"
import { benchmarkKey, writeBenchmarkSamples } from "../formats/index.ts"
import { loadBackend } from "../tensor/index.ts"
import { CLASSES, picture, writeTinyModel } from "./fixtures/tiny-model.ts"
import { evaluate } from "./index.ts"

const COUNT = 15
const NAMES = CLASSES.toSorted()
/** Some classes have more images than others. */
const labels = Array.from({ length: COUNT }, (_, index) => (index * index) % NAMES.length)
const captions = (index: number) => [`a ${NAMES[labels[index] ?? 0]} of number ${index}`, `the ${index}`]

let work = ""
let images: ReadonlyArray<Uint8Array> = []

const put = async (path: string, content: string | Uint8Array): Promise<void> => {
  await mkdir(dirname(join(work, path)), { recursive: true })
  await writeFile(join(work, path), content)
}

const writeTexts = async (folder: string): Promise<void> => {
  await put(`${folder}/classnames.txt`, NAMES.join("\n"))
  await put(`${folder}/zeroshot_classification_templates.txt`, "a {c}\na photo of a {c}")
}

const writeWebdataset = (folder: string, name: string, text: (index: number) => string) =>
  writeBenchmarkSamples(
    join(work, folder),
    images.map((png, index) => ({
      key: benchmarkKey(index),
      files: new Map([
        ["png", png],
        [name, Buffer.from(text(index))],
      ]),
    })),
    4,
  )

const table = (header: string, row: (index: number) => string) =>
  [header, ...labels.map((_, index) => row(index))].join("\n")

const CLASSIFIED: Readonly<Record<string, () => Promise<void>>> = {
  "an image folder": async () => {
    for (const [index, png] of images.entries())
      await put(`an image folder/test/${NAMES[labels[index] ?? 0]}/${index}.png`, png)
  },
  "a CSV of names": () =>
    put(
      "a CSV of names/test.csv",
      table("image,label", (index) => `../images/${index}.png,${NAMES[labels[index] ?? 0]}`),
    ),
  "a TSV of numbers": () =>
    put(
      "a TSV of numbers/test.tsv",
      table("filepath\tclass", (index) => `../images/${index}.png\t${labels[index]}`),
    ),
  "a Parquet file": async () => {
    const columnData = [
      { name: "image", data: images.map((png) => png), type: "BYTE_ARRAY" as const },
      { name: "label", data: labels.map(BigInt), type: "INT64" as const },
    ]
    await put(
      "a Parquet file/data/test-00000-of-00001.parquet",
      Buffer.from(parquetWriteBuffer({ columnData })),
    )
  },
}

beforeAll(async () => {
  await loadBackend()
  work = await mkdtemp(join(tmpdir(), "layouts-alike-"))
  await mkdir(join(work, "clip"))
  await writeTinyModel(join(work, "clip"))
  images = await Promise.all(labels.map((_, index) => picture(index)))
  for (const [index, png] of images.entries()) await put(`images/${index}.png`, png)
  await writeWebdataset("webdataset", "cls", (index) => String(labels[index]))
  await writeTexts("webdataset")
  for (const [folder, write] of Object.entries(CLASSIFIED)) {
    await write()
    await writeTexts(folder)
  }
  await writeWebdataset("captions", "txt", (index) => captions(index).join("\n"))
  const rows = labels.flatMap((_, index) =>
    captions(index).map((caption) => `../images/${index}.png,${caption}`),
  )
  await put("a CSV of captions/test.csv", ["filepath,title", ...rows].join("\n"))
})
afterAll(() => rm(work, { recursive: true }))

const scored = async (benchmark: string) => {
  const { metrics } = await evaluate({
    model: join(work, "clip"),
    benchmark: join(work, benchmark),
    split: "test",
    tasks: ["classification", "retrieval"],
    against: [],
    views: { draws: 1, seed: 0 },
    batch: 4,
    signal: new AbortController().signal,
    progress: () => undefined,
    score: { view: "class", topK: [1, 2], recallK: [1, 5], label: "alike" },
  })
  return metrics
}

it.each(Object.keys(CLASSIFIED))("%s is scored as the webdataset of the same images is", async (folder) => {
  const [expected, found] = [await scored("webdataset"), await scored(folder)]
  expect(found).toMatchObject({
    n: COUNT,
    prompts: "benchmark",
    metrics: expected.metrics,
    per_class: expected.per_class,
  })
  expect(new Set(found.per_class?.map(({ n }) => n)).size).toBeGreaterThan(1)
})

it("a table of captions is scored as the webdataset of them is", async () => {
  const [expected, found] = [await scored("captions"), await scored("a CSV of captions")]
  expect(found).toMatchObject({
    n: COUNT,
    metrics: expected.metrics,
    items: { groups: new Array(COUNT).fill(2) },
  })
})
