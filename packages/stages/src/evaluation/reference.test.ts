import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { benchmarkKey, type Sample, writeBenchmarkSamples } from "../formats/index.ts"
import { encodeJpeg, encodePng } from "../images/index.ts"
import { RandomStream } from "../randomness/index.ts"
import { evaluate } from "./index.ts"

const script = join(import.meta.dirname, "../../../../test/reference/zero_shot.py")
/** A Python that has CLIP_benchmark, webdataset and open_clip_torch. */
const python = process.env.DIVA_REFERENCE_PYTHON ?? "python3"
const run = promisify(execFile)

const isInstalled = await run(python, ["-c", "import torch, open_clip, webdataset, clip_benchmark"]).then(
  () => true,
  () => false,
)
const title = isInstalled
  ? "CLIP_benchmark's own command"
  : "CLIP_benchmark's own command (skipped: clip_benchmark, webdataset and open_clip_torch are not installed for DIVA_REFERENCE_PYTHON or python3)"

/** Two models of different shapes. */
const MODELS = {
  plain: {
    embed_dim: 32,
    vision_cfg: { image_size: 32, layers: 2, width: 64, head_width: 32, patch_size: 8 },
    text_cfg: { context_length: 77, width: 64, heads: 2, layers: 2 },
  },
  quick: {
    embed_dim: 24,
    quick_gelu: true,
    vision_cfg: { image_size: 56, layers: 3, width: 48, head_width: 16, patch_size: 14 },
    text_cfg: { context_length: 40, width: 32, heads: 4, layers: 3 },
  },
}

/** Two of these are the same, as some of ImageNet's are. */
const NAMES = [
  "tench",
  "crane",
  "red fox",
  "crane",
  "tall ship's mast",
  "café",
  "box",
  "maze",
  "sea",
  "owl",
  "ant",
  "yak",
]
const TEMPLATES = ["a photo of a {c}.", "art of the {c}", "{c}", "itap of my {c}, and of a {c}"]
const SIZES = [
  [40, 30],
  [31, 64],
  [90, 33],
] as const

const bytes = (text: string) => new TextEncoder().encode(text)

/** Pictures of some waves, in formats that keep every pixel or not. */
const pictureOf = async (index: number): Promise<readonly [string, Uint8Array]> => {
  const stream = RandomStream.named(index, "picture")
  const [width, height] = SIZES[index % SIZES.length] ?? SIZES[0]
  const waves = Array.from({ length: 6 }, () => [
    stream.uniform() / 4,
    stream.uniform() / 4,
    stream.uniform() * 6,
  ])
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const [x, y, channel] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width), at % 3]
    const [a, b] = [waves[channel] ?? [], waves[channel + 3] ?? []]
    const sum =
      Math.sin(x * (a[0] ?? 0) + y * (a[1] ?? 0) + (a[2] ?? 0)) + Math.sin(x * (b[0] ?? 0) - y * (b[1] ?? 0))
    return Math.round(127.5 + sum * 60)
  })
  const picture = { width, height, data }
  return index % 2 === 0 ? ["png", await encodePng(picture)] : ["jpg", await encodeJpeg(picture, 92)]
}

const int64 = (numbers: ReadonlyArray<number>): Uint8Array => {
  const header = `{'descr': '<i8', 'fortran_order': False, 'shape': (${numbers.length},), }`.padEnd(117, " ")
  const data = Buffer.from(BigInt64Array.from(numbers, BigInt).buffer)
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00v\x00", "latin1"), Buffer.from(`${header}\n`), data])
}

/** Captions of an image: five, and of some six; some are another image's, too. */
const captionsOf = (index: number): string => {
  const lines = Array.from({ length: index % 7 === 0 ? 6 : 5 }, (_, line) =>
    line === 0 ? `a ${NAMES[index % 5]}` : `${NAMES[(index + line) % 12]} number ${index} &amp; line ${line}`,
  )
  return lines.join("\n")
}

const KINDS = {
  classes: { count: 90, answer: (index: number) => ["cls", bytes(String((index * 7) % 11))] as const },
  labels: {
    count: 70,
    answer: (index: number) =>
      ["npy", int64(NAMES.map((_, c) => ((index + 3) % (c + 2) === 0 ? 1 : 0)))] as const,
  },
  captions: { count: 45, answer: (index: number) => ["txt", bytes(captionsOf(index))] as const },
  "two classes": { count: 20, answer: (index: number) => ["cls", bytes(String(index % 2))] as const },
}
const TYPES: Readonly<Record<string, string>> = { labels: "multilabel", captions: "retrieval" }
const TASKS: Readonly<Record<string, string>> = { captions: "zeroshot_retrieval" }

describe.skipIf(!isInstalled)(title, () => {
  let work = ""
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "evaluation-reference-"))
    for (const [name, config] of Object.entries(MODELS)) {
      await writeFile(join(work, `${name}.json`), JSON.stringify(config))
      await run(python, [script, "model", join(work, name), join(work, `${name}.json`)])
    }
    for (const [kind, { count, answer }] of Object.entries(KINDS)) {
      const samples: Array<Sample> = []
      for (let index = 0; index < count; index++)
        samples.push({ key: benchmarkKey(index), files: new Map([await pictureOf(index), answer(index)]) })
      await writeBenchmarkSamples(join(work, kind), samples, 32)
      const names = kind === "two classes" ? NAMES.slice(0, 2) : NAMES
      await writeFile(join(work, kind, "classnames.txt"), `${names.join("\n")}\n`)
      await writeFile(join(work, kind, "zeroshot_classification_templates.txt"), TEMPLATES.join("\n"))
      const type = TYPES[kind]
      if (type !== undefined) await writeFile(join(work, kind, "dataset_type.txt"), `${type}\n`)
    }
    const cases = Object.keys(MODELS).flatMap((model) =>
      Object.keys(KINDS).map((kind) => ({
        model: join(work, model),
        benchmark: join(work, kind),
        task: TASKS[kind] ?? "zeroshot_classification",
        output: join(work, `${model} ${kind}.json`),
        batch: 16,
      })),
    )
    await writeFile(join(work, "cases.json"), JSON.stringify(cases))
    await run(python, [script, "eval", join(work, "cases.json")], { maxBuffer: 2 ** 26 })
  }, 600_000)
  afterAll(() => rm(work, { recursive: true, force: true }))

  it.each(Object.keys(MODELS).flatMap((model) => Object.keys(KINDS).map((kind) => [model, kind] as const)))(
    "says the same of the model %s on %s",
    async (model, kind) => {
      const theirs: Record<string, number | null> = JSON.parse(
        (await readFile(join(work, `${model} ${kind}.json`), "utf8")).replaceAll("NaN", "null"),
      ).metrics
      const { metrics } = await evaluate({
        model: join(work, model),
        benchmark: join(work, kind),
        split: "test",
        tasks: ["classification", "multilabel", "retrieval"],
        against: [],
        views: { draws: 1, seed: 0 },
        batch: 13,
        signal: new AbortController().signal,
        progress: () => undefined,
        score: { view: "class", topK: [1, 5], recallK: [1, 5, 10], label: kind },
      })
      const known = Object.entries(theirs).filter(([, value]) => value !== null)
      expect(Object.keys(metrics.metrics).sort()).toEqual(known.map(([name]) => name).sort())
      for (const [name, value] of known)
        expect(metrics.metrics[name], name).toBeCloseTo(value ?? Number.NaN, 6)
    },
    120_000,
  )
})
