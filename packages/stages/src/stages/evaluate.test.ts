import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Progress, type StageContext, StageFailure } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Value } from "typebox/value"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  completeDesign,
  conditionJson,
  type DesignInput,
  type DesignScoring,
} from "../condition/designs/index.ts"
import { CLASSES, picture } from "../evaluation/fixtures/tiny-model.ts"
import { decodeMetrics } from "../evaluation/metrics/index.ts"
import { writeBenchmarkSamples } from "../formats/index.ts"
import { decodeImage, preprocessForClip } from "../images/index.ts"
import {
  type ClipConfig,
  imageFeatures,
  initialiseClip,
  learnBpe,
  loadClip,
  OPENAI_MEAN,
  OPENAI_STD,
  saveClip,
  textFeatures,
  writeVocabulary,
} from "../models/clip/index.ts"
import { loadBackend, Parameters } from "../tensor/index.ts"
import { evaluateMmvp } from "./evaluate-mmvp.ts"
import { evaluateRetrieval } from "./evaluate-retrieval.ts"
import { evaluateZeroShot } from "./evaluate-zero-shot.ts"

const config: ClipConfig = {
  embed_dim: 8,
  quick_gelu: true,
  vision: { image_size: 16, layers: 1, width: 16, head_width: 8, patch_size: 8 },
  text: { context_length: 16, vocab_size: 520, width: 16, heads: 2, layers: 1 },
}
const preprocess = { size: 16, mean: OPENAI_MEAN, std: OPENAI_STD, mode: "shortest" } as const
const TEMPLATES = ["a {c}", "a photo of a {c}"]

let work: string
const folder = (name: string) => join(work, name)
beforeAll(async () => {
  await loadBackend()
  work = await mkdtemp(join(tmpdir(), "evaluate-"))
  await writeVocabulary(folder("words"), learnBpe(CLASSES, 520))
  await saveModel("clip", initialiseClip(config, 7))
  const images = await Promise.all(Array.from({ length: 12 }, (_, index) => picture(index)))
  await writeClassification(images)
  await writeRetrieval(images)
  await writePairs(images)
})
afterAll(() => rm(work, { recursive: true }))

const saveModel = async (name: string, parameters: Parameters) => {
  await saveClip(folder(name), { config, parameters, tokenizerFolder: folder("words"), preprocess })
  parameters.dispose()
}

const text = (content: string) => new TextEncoder().encode(content)

const writeClassification = async (images: ReadonlyArray<Uint8Array>) => {
  await mkdir(folder("classes"))
  await writeFile(join(folder("classes"), "classnames.txt"), CLASSES.join("\n"))
  await writeFile(join(folder("classes"), "zeroshot_classification_templates.txt"), TEMPLATES.join("\n"))
  await writeBenchmarkSamples(
    folder("classes"),
    images.map((image, index) => ({
      key: `s${index}`,
      files: new Map([
        ["png", image],
        ["cls", text(String(index % 3))],
      ]),
    })),
  )
}

const writeRetrieval = (images: ReadonlyArray<Uint8Array>) =>
  writeBenchmarkSamples(
    folder("captions"),
    images.map((image, index) => ({
      key: `s${index}`,
      files: new Map([
        ["png", image],
        ["txt", text(`a ${CLASSES[index % 3]} ${index}\nthe number ${index}`)],
      ]),
    })),
  )

const writePairs = async (images: ReadonlyArray<Uint8Array>) => {
  const rows = ["Question ID,Type,Statement"]
  for (const [index, image] of images.entries()) {
    const type = index < 6 ? "Color" : "Text"
    await mkdir(join(folder("pairs"), "MLLM_VLM_Images", type), { recursive: true })
    await writeFile(join(folder("pairs"), "MLLM_VLM_Images", type, `${index + 1}.png`), image)
    rows.push(`${index + 1},${type},a ${CLASSES[index % 3]} ${index}`)
  }
  await writeFile(join(folder("pairs"), "Questions.csv"), `${rows.join("\n")}\n`)
}

/** A design whose evaluation adds the mean of drawn tokens to the class token. */
const drawing = (local: DesignScoring["local"]): DesignInput => ({
  "class-token": true,
  patches: "none",
  text: "mean",
  scoring: { local, "normalise-tokens": true, "normalise-feature": false, "logit-scale": "model" },
})

type Stage = typeof evaluateZeroShot | typeof evaluateRetrieval | typeof evaluateMmvp
let runs = 0

interface RunOptions {
  readonly model?: string
  readonly signal?: AbortSignal
  readonly input?: Record<string, unknown>
  readonly progress?: (progress: Progress) => void
}

const start = async (stage: Stage, benchmark: string, options: RunOptions = {}) => {
  const given = { model: folder(options.model ?? "clip"), benchmark: folder(benchmark), ...options.input }
  const input = Value.Default(stage.input, given)
  if (!Value.Check(stage.input, input)) throw new Error(JSON.stringify(Value.Errors(stage.input, input)))
  const output = folder(`metrics-${runs++}.json`)
  const context: StageContext<"metrics"> = {
    outputs: { metrics: output },
    origins: {},
    scratch: work,
    checkpoint: work,
    environment: {},
    gpus: [],
    attempt: 1,
    signal: options.signal ?? new AbortController().signal,
    progress: options.progress ?? (() => undefined),
    log: () => undefined,
  }
  return { output, effect: stage.run(input, context) }
}

const evaluate = async (stage: Stage, benchmark: string, options: RunOptions = {}) => {
  const { output, effect } = await start(stage, benchmark, options)
  await Effect.runPromise(effect)
  return readFile(output, "utf8")
}

const failure = async (stage: Stage, benchmark: string, options: RunOptions = {}): Promise<StageFailure> => {
  const { effect } = await start(stage, benchmark, options)
  return Effect.runPromise(Effect.flip(effect))
}

describe("evaluate/zero-shot", () => {
  it("counts what the model says of each image, computed one at a time", async () => {
    const model = await loadClip(folder("clip"))
    const unit = (tensor: tf.Tensor) => {
      const values = [...tensor.dataSync()]
      const length = Math.hypot(...values)
      return values.map((value) => value / length)
    }
    const encode = (prompt: string) =>
      unit(textFeatures(model.config, model.parameters, model.tokenizer.encode([prompt])))
    const classes = CLASSES.map((name) => {
      const prompts = TEMPLATES.map((template) => encode(template.replace("{c}", name)))
      return unit(tf.tensor1d(prompts[0]?.map((value, at) => value + (prompts[1]?.[at] ?? 0)) ?? []))
    })
    let right = ""
    for (let index = 0; index < 12; index++) {
      const pixels = preprocessForClip(await decodeImage(await picture(index)), preprocess)
      const image = unit(imageFeatures(model.config, model.parameters, tf.tensor4d(pixels, [1, 16, 16, 3])))
      const scores = classes.map((feature) =>
        feature.reduce((sum, value, at) => sum + value * (image[at] ?? 0), 0),
      )
      right += scores.indexOf(Math.max(...scores)) === index % 3 ? "1" : "0"
    }
    model.dispose()
    const metrics = decodeMetrics(await evaluate(evaluateZeroShot, "classes", { input: { label: "shapes" } }))
    expect(metrics.items.outcomes.acc1).toEqual([right])
    expect(metrics).toMatchObject({ kind: "zero-shot", benchmark: "shapes", view: "class", draws: 1, n: 12 })
    expect(metrics.per_class?.map(({ name, n }) => [name, n])).toEqual(CLASSES.map((name) => [name, 4]))
  })

  it("gives the same bytes again, whatever the batch, and keeps no tensors", async () => {
    const first = await evaluate(evaluateZeroShot, "classes")
    const before = tf.memory().numTensors
    expect(await evaluate(evaluateZeroShot, "classes", { input: { batch: 5 } })).toBe(first)
    expect(tf.memory().numTensors).toBe(before)
  })

  it("draws the original view's tokens several times, the same each time it runs", async () => {
    const input = { view: "original", draws: 4, design: drawing({ random: 2 }) }
    const drawn = await evaluate(evaluateZeroShot, "classes", { input })
    expect(decodeMetrics(drawn)).toMatchObject({ view: "original", draws: 4 })
    expect(decodeMetrics(drawn).spread?.acc1).toBeGreaterThanOrEqual(0)
    expect(await evaluate(evaluateZeroShot, "classes", { input: { ...input, batch: 7 } })).toBe(drawn)
    const all = decodeMetrics(
      await evaluate(evaluateZeroShot, "classes", { input: { view: "all-tokens", draws: 4 } }),
    )
    expect(all).toMatchObject({ view: "all-tokens", draws: 1 })
  })

  it("takes the rule of the original view from the model", async () => {
    await saveModel("tuned", initialiseClip(config, 8))
    const condition = {
      design: completeDesign(drawing({ "random-share": 0.5 })),
      dimensions: {
        "image-size": 16,
        patches: 4,
        "drawn-patches": 0,
        tokens: 1,
        "token-width": 8,
        "context-width": 8,
        "text-tokens": 16,
      },
    }
    await writeFile(join(folder("tuned"), "condition.json"), conditionJson(condition))
    const input = { view: "original", draws: 2 }
    const metrics = decodeMetrics(await evaluate(evaluateZeroShot, "classes", { model: "tuned", input }))
    expect(metrics.draws).toBe(2)
    const missing = await failure(evaluateZeroShot, "classes", { input })
    expect(missing.message).toMatch(/no condition\.json/)
    await writeFile(join(folder("tuned"), "condition.json"), "{}")
    const unusable = await failure(evaluateZeroShot, "classes", { model: "tuned", input })
    expect(unusable.message).toMatch(/condition\.json is damaged/)
  })

  it("takes a conditioned model's own CLIP", async () => {
    await mkdir(folder("conditioned"))
    await saveModel("conditioned/clip", initialiseClip(config, 7))
    expect(await evaluate(evaluateZeroShot, "classes", { model: "conditioned" })).toBe(
      await evaluate(evaluateZeroShot, "classes"),
    )
  })

  it("stops when it is cancelled", async () => {
    const controller = new AbortController()
    const progress = ({ unit }: Progress) => {
      if (unit === "images") controller.abort()
    }
    const stopped = await failure(evaluateZeroShot, "classes", {
      signal: controller.signal,
      input: { batch: 2 },
      progress,
    })
    expect(stopped.reason).toBe("cancelled")
  })

  it("tells how far it is", async () => {
    const seen: Array<Progress> = []
    await evaluate(evaluateZeroShot, "classes", { input: { batch: 5 }, progress: (step) => seen.push(step) })
    expect(seen.filter(({ unit }) => unit === "images").map(({ done }) => done)).toEqual([5, 10, 12])
  })

  it("says what is wrong with a model, and keeps no tensors of it", async () => {
    const before = tf.memory().numTensors
    const none = await failure(evaluateZeroShot, "classes", { model: "words" })
    expect(none).toMatchObject({ reason: "permanent", file: folder("words") })
    const broken = initialiseClip(config, 7)
    const parameters = Parameters.of(
      new Map(
        [...broken.entries()].map(([name, tensor]) => [
          name,
          name === "visual.proj" ? tf.mul(tensor, Number.NaN) : tensor,
        ]),
      ),
    )
    await saveModel("diverged", parameters)
    broken.dispose()
    const diverged = await failure(evaluateZeroShot, "classes", { model: "diverged" })
    expect(diverged.message).toMatch(/features of images are not finite/)
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe("evaluate/retrieval", () => {
  it("gives recalls of both directions with captions grouped by image", async () => {
    const metrics = decodeMetrics(await evaluate(evaluateRetrieval, "captions"))
    expect(Object.keys(metrics.metrics)).toHaveLength(6)
    expect(metrics.n).toBe(12)
    expect(metrics.items.groups).toEqual(new Array(12).fill(2))
    expect(metrics.items.outcomes["image_retrieval_recall@1"]?.[0]).toHaveLength(24)
    expect(metrics.chance["image_retrieval_recall@1"]).toBeCloseTo(1 / 12, 5)
  })
})

describe("evaluate/mmvp", () => {
  it("gives each pair's outcome and each category's share", async () => {
    const metrics = decodeMetrics(await evaluate(evaluateMmvp, "pairs", { input: { label: "pairs" } }))
    expect(metrics.per_category?.map(({ name, n }) => [name, n])).toEqual([
      ["Color and Appearance", 3],
      ["Texts", 3],
    ])
    expect(metrics.pairs?.map(({ pair }) => pair)).toEqual(["1/2", "3/4", "5/6", "7/8", "9/10", "11/12"])
    expect(metrics.chance).toEqual({ average: 0.25 })
  })

  it("fails with the row of a missing image", async () => {
    await mkdir(join(folder("broken"), "MLLM_VLM_Images"), { recursive: true })
    await writeFile(join(folder("broken"), "Questions.csv"), "id,type,statement\n1,Color,a\n2,Color,b\n")
    const missing = await failure(evaluateMmvp, "broken")
    expect(missing).toBeInstanceOf(StageFailure)
    expect(missing.message).toMatch(/question 1 \(Questions\.csv, line 2\) is missing/)
  })
})
