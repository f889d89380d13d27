import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import sharp from "sharp"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { completeDesign } from "../condition/designs/index.ts"
import {
  readSafetensors,
  type Sample,
  writeBenchmarkSamples,
  writeSafetensors,
  writeShards,
} from "../formats/index.ts"
import { decodeImage, encodePng } from "../images/index.ts"
import { loadClip, textFeatures } from "../models/clip/index.ts"
import { loadBackend } from "../tensor/index.ts"
import { CLASSES, picture, writeTinyModel } from "./fixtures/tiny-model.ts"
import type { ImageFeaturesRequest } from "./images/image-features.ts"
import {
  computeImageFeatures,
  computeTextFeatures,
  evaluate,
  readImageFeatures,
  readTextFeatures,
  scoreFeatures,
  writeImageFeatures,
  writePredictions,
  writeTextFeatures,
} from "./index.ts"
import { encodeTexts } from "./texts/encode-texts.ts"

let work = ""
const folder = (...names: ReadonlyArray<string>) => join(work, ...names)
const text = (content: string) => new TextEncoder().encode(content)
const running = { signal: new AbortController().signal, progress: () => undefined }
const asked = { view: "class", topK: [1, 2], recallK: [1, 2], label: "tiny" } as const

const samplesOf = async (
  count: number,
  file: (index: number) => readonly [string, Uint8Array],
  image = (index: number) => index,
): Promise<ReadonlyArray<Sample>> =>
  Promise.all(
    Array.from({ length: count }, async (_, index) => ({
      key: `s${index}`,
      files: new Map([["png", await picture(image(index))] as const, file(index)]),
    })),
  )

const writeTexts = async (name: string, names: ReadonlyArray<string>) => {
  await mkdir(folder(name), { recursive: true })
  await writeFile(folder(name, "classnames.txt"), names.join("\n"))
  await writeFile(folder(name, "zeroshot_classification_templates.txt"), "a {c}\na photo of a {c}")
}

beforeAll(async () => {
  await loadBackend()
  work = await mkdtemp(join(tmpdir(), "parts-"))
  await mkdir(folder("clip"))
  await writeTinyModel(folder("clip"))
  await mkdir(folder("wide"))
  await writeTinyModel(folder("wide"), 12)
  await writeTexts("classes", CLASSES)
  await writeBenchmarkSamples(
    folder("classes"),
    await samplesOf(9, (index) => ["cls", text(String(index % 3))]),
  )
  await writeBenchmarkSamples(
    folder("captions"),
    await samplesOf(6, (index) => ["txt", text(`a ${CLASSES[index % 3]} ${index}\nthe number ${index}`)]),
  )
  const rows = ["Question ID,Type,Statement"]
  for (let index = 0; index < 8; index++) {
    const type = index < 4 ? "Color" : "Text"
    await mkdir(folder("pairs", "MLLM_VLM Images", type), { recursive: true })
    await writeFile(folder("pairs", "MLLM_VLM Images", type, `${index + 1}.jpg`), await picture(index))
    rows.push(`${index + 1},${type},a ${CLASSES[index % 3]} ${index}`)
  }
  await writeFile(folder("pairs", "Questions.csv"), `${rows.join("\n")}\n`)
})
afterAll(() => rm(work, { recursive: true }))

const request = (benchmark: string, changes: Partial<ImageFeaturesRequest> = {}): ImageFeaturesRequest => ({
  model: folder("clip"),
  benchmark: folder(benchmark),
  split: "test",
  against: [],
  views: { draws: 3, seed: 0 },
  batch: 4,
  ...running,
  ...changes,
})

describe("the features of texts", () => {
  it("are those of whole rows of tokens, though shorter ones are computed", async () => {
    const model = await loadClip(folder("clip"))
    const texts = ["a star", "a photo of a very long arrow on a dot", "", "a star", "dot".repeat(40)]
    const { values, width } = await encodeTexts(model, texts, running)
    texts.forEach((one, row) => {
      const whole = [
        ...tf
          .tidy(() => textFeatures(model.config, model.parameters, model.tokenizer.encode([one])))
          .dataSync(),
      ]
      const length = Math.hypot(...whole)
      whole.forEach((value, column) => {
        expect(values[row * width + column]).toBeCloseTo(value / length, 5)
      })
    })
    expect(values.slice(3 * width, 4 * width)).toEqual(values.slice(0, width))
    model.dispose()
  })

  it("may be of prompts of the user's own, by template or by class", async () => {
    const given = { model: folder("clip"), benchmark: folder("classes"), split: "test", ...running }
    const own = await computeTextFeatures(given)
    expect(own).toMatchObject({ task: "classification", classnames: CLASSES, promptSet: "benchmark" })
    const byClass = new Map(CLASSES.map((name) => [name, [`a ${name}`, `a photo of a ${name}`]]))
    const same = await computeTextFeatures({ ...given, templates: byClass, promptSet: "mine" })
    expect(same).toMatchObject({ promptSet: "mine" })
    expect(same.features.values).toEqual(own.features.values)
    const other = await computeTextFeatures({ ...given, templates: ["{c}"] })
    expect(other.features.values).not.toEqual(own.features.values)
    await expect(
      computeTextFeatures({ ...given, templates: new Map([["star", ["a star"]]]) }),
    ).rejects.toMatchObject({
      message: 'there are no prompts for the class "arrow"',
    })
  })
})

describe("features that were written", () => {
  it.each([
    ["classes", ["classification"]],
    ["captions", ["retrieval"]],
    ["pairs", ["pairs"]],
  ] as const)("of %s come back, and score as in one go", async (name, tasks) => {
    const images = await computeImageFeatures(request(name))
    const texts = await computeTextFeatures(request(name))
    await writeImageFeatures(folder(`${name}-images`), images)
    await writeTextFeatures(folder(`${name}-texts`), texts)
    const [readImages, readTexts] = [
      await readImageFeatures(folder(`${name}-images`)),
      await readTextFeatures(folder(`${name}-texts`)),
    ]
    expect(readImages).toEqual(images)
    expect(readTexts).toEqual(texts)
    const scored = await scoreFeatures(readImages, readTexts, asked)
    const { metrics } = await evaluate({ ...request(name), tasks, score: asked })
    expect(Object.keys(scored.metrics.metrics)).toEqual(Object.keys(metrics.metrics))
    for (const [metric, value] of Object.entries(metrics.metrics))
      expect(scored.metrics.metrics[metric]).toBeCloseTo(value, 10)
    await writePredictions(folder(`${name}-predictions`), scored.predictions)
    expect(JSON.parse(await readFile(folder(`${name}-predictions`, "samples.json"), "utf8"))).toEqual(
      images.samples,
    )
  })

  it("have a record of every answer that fits the metrics", async () => {
    const images = await computeImageFeatures(request("classes"))
    const texts = await computeTextFeatures(request("classes"))
    const { metrics, predictions } = await scoreFeatures(images, texts, asked)
    await writePredictions(folder("record"), predictions)
    const tensors = await readSafetensors(folder("record", "predictions.safetensors"))
    const [label, rank, top] = ["label", "rank", "top"].map((name) =>
      [...(tensors.get(name)?.data ?? [])].map(Number),
    )
    expect(label).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2])
    const firsts = label?.map((_, index) => top?.[index * 3])
    expect(firsts?.map((first, index) => (first === label?.[index] ? 1 : 0)).join("")).toBe(
      metrics.items.outcomes.acc1?.[0],
    )
    expect(rank?.map((place) => (place < 2 ? 1 : 0)).join("")).toBe(metrics.items.outcomes.acc2?.[0])
  })

  it("of pairs have a line a question and draw", async () => {
    const design = completeDesign({
      "class-token": true,
      patches: "none",
      text: "mean",
      scoring: {
        local: { random: 2 },
        "normalise-tokens": true,
        "normalise-feature": false,
        "logit-scale": 50,
      },
    })
    const images = await computeImageFeatures(request("pairs", { views: { draws: 3, seed: 0, design } }))
    expect(
      [...images.views].map(([name, { draws, logitScale }]) => [name, draws.length, logitScale]),
    ).toEqual([
      ["class", 1, expect.any(Number)],
      ["original", 3, 50],
      ["all-tokens", 1, 50],
    ])
    const texts = await computeTextFeatures(request("pairs"))
    const { metrics, predictions } = await scoreFeatures(images, texts, { ...asked, view: "original" })
    expect(metrics).toMatchObject({
      view: "original",
      draws: 3,
      n: 4,
      spread: { average: expect.any(Number) },
    })
    expect(predictions.questions).toHaveLength(24)
    const right = predictions.questions?.filter(({ draw }) => draw === 1).map((one) => one["pair-right"])
    expect(
      right
        ?.filter((_, index) => index % 2 === 0)
        .map(Number)
        .join(""),
    ).toBe(metrics.items.outcomes.average?.[1])
    expect(predictions.questions?.[1]).toMatchObject({
      pair: "1/2",
      question: 2,
      category: "Color and Appearance",
      key: "2",
    })
  })
})

describe("pictures of other kinds than RGB", () => {
  it("become RGB before they are resized, but for pairs", async () => {
    const raw = { raw: { width: 40, height: 30, channels: 3 } } as const
    const data = Uint8Array.from({ length: 3600 }, (_, at) => (at * 37) % 256)
    const palette = await sharp(data, raw).png({ palette: true, colours: 8 }).toBuffer()
    const plain = encodePng(await decodeImage(palette))
    const files = [palette, Buffer.from(plain)] as const
    await writeTexts("kinds", CLASSES)
    await writeBenchmarkSamples(
      folder("kinds"),
      files.map((png, index) => ({
        key: `s${index}`,
        files: new Map([
          ["png", png],
          ["cls", text(String(index))],
        ]),
      })),
    )
    await mkdir(folder("kinds-of-pairs", "MLLM_VLM_Images", "Text"), { recursive: true })
    await writeFile(folder("kinds-of-pairs", "Questions.csv"), "id,type,statement\n1,Text,a\n2,Text,b\n")
    for (const [index, png] of files.entries())
      await writeFile(folder("kinds-of-pairs", "MLLM_VLM_Images", "Text", `${index + 1}.png`), png)
    const rows = async (benchmark: string) => {
      const { views } = await computeImageFeatures(request(benchmark))
      const values = views.get("class")?.draws[0]?.values ?? new Float32Array()
      return [[...values.subarray(0, 8)], [...values.subarray(8)]]
    }
    const distance = (a: ReadonlyArray<number> = [], b: ReadonlyArray<number> = []) =>
      Math.max(...a.map((value, column) => Math.abs(value - (b[column] ?? Number.NaN))))
    const [first, second] = await rows("kinds")
    expect(distance(first, second)).toBeLessThan(1e-5)
    const [own, converted] = await rows("kinds-of-pairs")
    expect(distance(own, converted)).toBeGreaterThan(1e-3)
    expect(distance(converted, second)).toBeLessThan(1e-5)
  })
})

describe("data that can't be trusted", () => {
  it("is flagged by name: images that are there twice, in another split, or in other data", async () => {
    await writeTexts("odd", ["star", "star", "dot", "box"])
    const same = (index: number) => [0, 1, 0, 3, 1][index] ?? index
    await writeBenchmarkSamples(
      folder("odd"),
      await samplesOf(5, (index) => ["cls", text(["0", "1", "0", "2", "2"][index] ?? "")], same),
    )
    await mkdir(folder("odd", "train"))
    await writeShards(
      folder("odd", "train"),
      await samplesOf(
        2,
        () => ["cls", text("0")],
        (index) => index + 3,
      ),
      {
        samplesPerShard: 9,
        digits: 1,
      },
    )
    await writeShards(folder("training"), await samplesOf(1, () => ["txt", text("")]), { samplesPerShard: 9 })
    const { flags } = await computeImageFeatures(request("odd", { against: [folder("training")] }))
    expect(flags).toEqual([
      "classes of one name: star",
      "1 class has no image: box",
      "1 image is there twice: s0 and s2",
      "1 image is there twice, with different answers: s1 and s4",
      "1 image is also in the split train: s3",
      "1 image is also in the data of against[0]: s2",
    ])
    const texts = await computeTextFeatures(request("odd"))
    const images = await computeImageFeatures(request("odd"))
    expect((await scoreFeatures(images, texts, asked)).metrics.flags).toEqual(images.flags)
  })

  it("is flagged where tables of splits share images, another split can't be read, or captions are empty", async () => {
    const put = (name: string, content: string) => writeFile(folder("split-tables", name), content)
    await mkdir(folder("split-tables"))
    for (let index = 0; index < 3; index++)
      await writeFile(folder("split-tables", `${index}.png`), await picture(index))
    await put("test.csv", "image,label\n0.png,star\n1.png,dot\n")
    await put("train.csv", "image,label\n1.png,dot\n2.png,star\n")
    await put("validation.csv", "image,label\nnone.png,dot\n")
    expect((await computeImageFeatures(request("split-tables"))).flags).toEqual([
      "1 image is also in the split train: 1.png",
      "the split validation beside it can't be read, so that it was not compared",
    ])
    await writeBenchmarkSamples(
      folder("wordless"),
      await samplesOf(3, (index) => ["txt", text(index === 1 ? "a star\n\n " : `${index}\na\nb`)]),
    )
    expect((await computeImageFeatures(request("wordless"))).flags).toEqual([
      "1 image has an empty caption: s1",
    ])
  })

  it("is refused where classes don't fit labels, or features are no numbers", async () => {
    const images = await computeImageFeatures(request("classes"))
    const texts = await computeTextFeatures(request("classes"))
    if (texts.task !== "classification") throw new Error(texts.task)
    const fewer = { ...texts, classnames: ["star", "dot"], features: { ...texts.features, count: 2 } }
    await expect(scoreFeatures(images, fewer, asked)).rejects.toMatchObject({
      message: "sample s2 has the class 2, but the list has classes 0 to 1",
    })
    await writeImageFeatures(folder("broken"), images)
    const tensors = await readSafetensors(folder("broken", "features.safetensors"))
    const values = Float32Array.from(tensors.get("class")?.data ?? [], Number)
    values[8 * 4 + 1] = Number.NaN
    const tensor = { name: "class", dtype: "F32", shape: [1, 9, 8], read: () => values } as const
    await writeSafetensors(folder("broken", "features.safetensors"), [tensor])
    await expect(readImageFeatures(folder("broken"))).rejects.toMatchObject({
      message: "the model's features of images are not finite numbers (s4)",
    })
  })

  it("is refused where the two sides don't belong together", async () => {
    const [classes, captions] = [
      await computeImageFeatures(request("classes")),
      await computeImageFeatures(request("captions")),
    ]
    const texts = await computeTextFeatures(request("captions"))
    await expect(scoreFeatures(classes, texts, asked)).rejects.toMatchObject({
      message: "the images are of classification, the texts of retrieval",
    })
    await expect(scoreFeatures(captions, texts, { ...asked, view: "original" })).rejects.toMatchObject({
      message: "there are no features of the view original: there are class",
    })
    const wide = await computeTextFeatures({ ...request("captions"), model: folder("wide") })
    await expect(scoreFeatures(captions, wide, asked)).rejects.toMatchObject({
      message: "images have 8 features, texts 12: they are not of one model",
    })
    const others = { ...captions, samples: { ...captions.samples, keys: ["a", "b", "c", "d", "e", "f"] } }
    await expect(scoreFeatures(others, texts, asked)).rejects.toMatchObject({
      message: "the features' samples are not the same: image 0 has a there, and s0 here",
    })
    await expect(evaluate({ ...request("captions"), tasks: ["pairs"], score: asked })).rejects.toMatchObject({
      message: "this is a benchmark of retrieval, not of pairs",
    })
    await expect(readImageFeatures(folder("classes"))).rejects.toMatchObject({
      message: "these features can't be used: it is missing",
    })
  })
})
