import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { benchmarkKey, type Sample, writeBenchmarkSamples } from "../formats/index.ts"
import { BENCHMARKS } from "./catalogue/index.ts"
import { anyPicture, NAMES, REFERENCE_CASES, type ReferenceCase } from "./fixtures/reference-cases.ts"
import { evaluate } from "./index.ts"

const script = join(import.meta.dirname, "../../../../test/reference/zero_shot.py")
/** A Python that has CLIP_benchmark, webdataset and open_clip_torch. */
const python = process.env.DIVA_REFERENCE_PYTHON ?? "python3"
/** Where cores are few and busy, torch's threads wait for each other longer than they compute. */
const env = { ...process.env, OMP_NUM_THREADS: "1" }
const run = (file: string, args: ReadonlyArray<string>, options = {}) =>
  promisify(execFile)(file, args, { ...options, env })

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

const TYPES = ["Orientation", "State", "Camera Perspective"]
const PAIRS = 24

/** A folder of pairs as MMVP's repository has it; its pictures are of all kinds, whatever their names say. */
const writePairs = async (folder: string): Promise<void> => {
  const rows = ["\ufeffQuestion ID,Type,Statement"]
  for (let index = 0; index < 2 * PAIRS; index++) {
    const type = TYPES[Math.floor((index / 2 / PAIRS) * TYPES.length)] ?? ""
    const [, bytes] = await anyPicture(index)
    await mkdir(join(folder, "MLLM_VLM Images", type), { recursive: true })
    await writeFile(join(folder, "MLLM_VLM Images", type, `${index + 1}.jpg`), bytes)
    const [noun, colour] = [NAMES[(index * 5) % NAMES.length], ["red", "blue", "old", "many"][index % 4]]
    rows.push(`${index + 1},${type},"${colour} ""${noun}"", ${noun} &amp; more"`)
  }
  await writeFile(join(folder, "Questions.csv"), rows.join("\r\n"))
}

const running = { signal: new AbortController().signal, progress: () => undefined }

const writeCase = async (folder: string, given: ReferenceCase): Promise<void> => {
  const samples: Array<Sample> = []
  for (let index = 0; index < given.count; index++)
    samples.push({
      key: benchmarkKey(index),
      files: new Map([await given.picture(index), ...given.answer(index)]),
    })
  await writeBenchmarkSamples(folder, samples, given.samplesPerShard)
  await writeFile(join(folder, "classnames.txt"), `${given.classnames.join("\n")}\n`)
  await writeFile(join(folder, "zeroshot_classification_templates.txt"), given.templates.join("\n"))
  if (given.type !== undefined) await writeFile(join(folder, "dataset_type.txt"), `${given.type}\n`)
}

describe.skipIf(!isInstalled)(title, () => {
  let work = ""
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "evaluation-reference-"))
    for (const [name, config] of Object.entries(MODELS)) {
      await writeFile(join(work, `${name}.json`), JSON.stringify(config))
      await run(python, [script, "model", join(work, name), join(work, `${name}.json`)])
    }
    for (const [kind, given] of Object.entries(REFERENCE_CASES)) await writeCase(join(work, kind), given)
    const cases = Object.keys(MODELS).flatMap((model) =>
      Object.entries(REFERENCE_CASES).map(([kind, { type, recallK }]) => ({
        model: join(work, model),
        benchmark: join(work, kind),
        task: type === "retrieval" ? "zeroshot_retrieval" : "zeroshot_classification",
        output: join(work, `${model} ${kind}.json`),
        batch: 16,
        recalls: recallK,
      })),
    )
    await writeFile(join(work, "cases.json"), JSON.stringify(cases))
    await run(python, [script, "eval", join(work, "cases.json")], { maxBuffer: 2 ** 26 })
    await writePairs(join(work, "pairs"))
    const ofPairs = Object.keys(MODELS).map((model) => ({
      model: join(work, model),
      benchmark: join(work, "pairs"),
      output: join(work, `${model} pairs.json`),
    }))
    await writeFile(join(work, "pairs.json"), JSON.stringify(ofPairs))
    await run(python, [script, "pairs", join(work, "pairs.json")], { maxBuffer: 2 ** 26 })
  }, 1_800_000)
  afterAll(() => rm(work, { recursive: true, force: true }))

  it.each(Object.keys(MODELS))(
    "and MMVP's protocol say the same of the model %s, question by question",
    async (model) => {
      const theirs: ReadonlyArray<{ pair: string; kind: string; shares: [number, number]; right: boolean }> =
        JSON.parse(await readFile(join(work, `${model} pairs.json`), "utf8"))
      const { metrics, predictions } = await evaluate({
        model: join(work, model),
        benchmark: join(work, "pairs"),
        split: "test",
        tasks: ["pairs"],
        against: [],
        views: { draws: 1, seed: 0 },
        batch: 7,
        ...running,
        score: { view: "class", topK: [1], recallK: [1], label: "pairs" },
      })
      expect(metrics.pairs?.map(({ pair, right }) => [pair, right === 1])).toEqual(
        theirs.map(({ pair, right }) => [pair, right]),
      )
      expect(new Set(theirs.map(({ shares }) => shares[0] > 0.5)).size).toBe(2)
      predictions.questions?.forEach(({ probability }, index) => {
        const share = theirs[Math.floor(index / 2)]?.shares[index % 2] ?? Number.NaN
        expect(probability).toBeCloseTo(index % 2 === 0 ? share : 1 - share, 4)
      })
      const shares = TYPES.map((type) => {
        const own = theirs.filter(({ kind }) => kind === type)
        return own.filter(({ right }) => right).length / own.length
      })
      expect(metrics.per_category?.map(({ value }) => value)).toEqual(shares)
      expect(metrics.metrics.average).toBeCloseTo(shares.reduce((sum, one) => sum + one, 0) / 3, 12)
    },
  )

  it("has the prompts and classes that the catalogue says", async () => {
    const read = `import json, os, clip_benchmark.datasets as d
folder = os.path.dirname(d.__file__)
print(json.dumps([{k: len(v) for k, v in json.load(open(f"{folder}/en_{name}.json")).items()}
                  for name in ("zeroshot_classification_templates", "classnames")]))`
    const [prompts, classes] = JSON.parse((await run(python, ["-c", read])).stdout)
    for (const { name, clipBenchmark, templates, classes: count } of BENCHMARKS) {
      if (clipBenchmark === null || templates === null) continue
      const named = clipBenchmark.replace("vtab/", "")
      expect(prompts[templates.set], name).toBe(templates.count)
      if (classes[named] !== undefined) expect(classes[named], name).toBe(count)
    }
  })

  const each = Object.keys(MODELS).flatMap((model) =>
    Object.entries(REFERENCE_CASES).map(([kind, { recallK }]) => [model, kind, recallK] as const),
  )
  it.each(each)(
    "says the same of the model %s on %s",
    async (model, kind, recallK) => {
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
        ...running,
        score: { view: "class", topK: [1, 5], recallK, label: kind },
      })
      const known = Object.entries(theirs).filter(([, value]) => value !== null)
      expect(Object.keys(metrics.metrics).sort()).toEqual(known.map(([name]) => name).sort())
      for (const [name, value] of known)
        expect(metrics.metrics[name], name).toBeCloseTo(value ?? Number.NaN, 6)
    },
    120_000,
  )
})
