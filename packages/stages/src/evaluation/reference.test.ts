import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { benchmarkKey, type Sample, writeBenchmarkSamples } from "../formats/index.ts"
import { BENCHMARKS } from "./catalogue/index.ts"
import { REFERENCE_CASES, type ReferenceCase } from "./fixtures/reference-cases.ts"
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
  }, 1_800_000)
  afterAll(() => rm(work, { recursive: true, force: true }))

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
        signal: new AbortController().signal,
        progress: () => undefined,
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
