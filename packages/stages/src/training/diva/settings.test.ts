import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import type { DesignInput } from "../../condition/index.ts"
import { textFeatures } from "../../models/clip/index.ts"
import { loadBackend, Parameters } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import { MovingAverage } from "../moving-average.ts"
import { type Draw, weightsOfDraws } from "./draws.ts"
import {
  expectNear,
  expectParameters,
  fixtures,
  json,
  referenceModel,
  SGD,
  TRACE_OPTIONS,
} from "./fixtures/reference-model.ts"
import { localSum } from "./gradient-sum.ts"
import { microBatchOf } from "./noise-loss.ts"
import type { DivaOptions, OptimiserOptions, PartName } from "./options.ts"
import { PartOptimisers } from "./part-optimisers.ts"
import { phasesOf, stepOfPhase } from "./phase.ts"
import { applyGradients, backward } from "./step.ts"
import { CLIP_STATISTICS } from "./views.ts"

/** An optimiser as test/reference/training_settings.py names its numbers. */
interface Rule {
  readonly rule: "sgd" | "adamw"
  readonly learning_rate: number
  readonly weight_decay: number
  readonly momentum?: number
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
}

interface Setting {
  readonly name: string
  readonly seed: number
  readonly clip: string
  readonly design: { readonly drawn?: number; readonly window?: number }
  readonly text: "add" | "mean"
  readonly steps: number
  readonly batch: number
  readonly accumulation: number
  readonly draws: number
  readonly draw_weights: DivaOptions["drawWeights"]
  readonly loss: DivaOptions["loss"]
  readonly schedule: DivaOptions["schedule"]
  readonly warmup: number
  readonly max_gradient_norm: number
  readonly average_decay?: number
  readonly discriminative: DivaOptions["discriminativeNormalisation"]
  readonly generative: DivaOptions["generativeNormalisation"]
  readonly classes: number
  readonly trained: ReadonlyArray<string>
  readonly optimisers: Readonly<Record<string, Rule | undefined>>
  readonly lora?: { readonly rank: number; readonly alpha: number; readonly weights: ReadonlyArray<string> }
  readonly expected: ReadonlyArray<{
    readonly losses: ReadonlyArray<number>
    readonly gradient_norm: number
    readonly learning_rates: ReadonlyArray<number>
    readonly parameters: Readonly<Record<string, readonly [norm: number, sum: number]>>
  }>
}

const SETTINGS: ReadonlyArray<Setting> = json(join(fixtures, "train-settings.json"))

/** The script's random numbers. */
class Numbers {
  #x: number

  constructor(seed: number) {
    this.#x = seed
  }

  uniform(): number {
    this.#x = (Math.imul(1664525, this.#x) + 1013904223) >>> 0
    return this.#x / 2 ** 32
  }

  #many(shape: ReadonlyArray<number>, one: () => number): tf.Tensor {
    const count = shape.reduce((product, size) => product * size, 1)
    return tf.tensor(Float32Array.from({ length: count }, one), [...shape])
  }

  uniforms(...shape: ReadonlyArray<number>): tf.Tensor {
    return this.#many(shape, () => this.uniform())
  }

  normals(...shape: ReadonlyArray<number>): tf.Tensor {
    return this.#many(
      shape,
      () => Array.from({ length: 12 }, () => this.uniform()).reduce((a, b) => a + b, 0) - 6,
    )
  }

  integers(count: number, below: number): Int32Array {
    return Int32Array.from({ length: count }, () => Math.floor(this.uniform() * below))
  }
}

const optimiserOf = (rule: Rule): OptimiserOptions => ({
  ...SGD,
  rule: rule.rule,
  learningRate: rule.learning_rate,
  weightDecay: rule.weight_decay,
  momentum: rule.momentum ?? 0,
  beta1: rule.beta1 ?? 0,
  beta2: rule.beta2 ?? 0,
  epsilon: rule.epsilon ?? 0,
})

const optionsOf = (setting: Setting): DivaOptions => {
  const part = (name: PartName, start: string) => ({
    // Of the script's patterns a star stands for anything.
    train: setting.trained.filter((name) => name.startsWith(start)).map((name) => name.replaceAll("*", "**")),
    optimiser: optimiserOf(
      setting.optimisers[name] ?? setting.optimisers.all ?? { ...SGD, learning_rate: 0, weight_decay: 0 },
    ),
  })
  return {
    ...TRACE_OPTIONS,
    steps: setting.steps,
    batch: setting.batch,
    accumulation: setting.accumulation,
    draws: setting.draws,
    drawWeights: setting.draw_weights,
    schedule: setting.schedule,
    warmup: setting.warmup,
    parts: {
      clip: part("clip", "visual."),
      projector: part("projector", "visual_proj."),
      denoiser: part("denoiser", "unet."),
    },
    lowRank: setting.lora,
    maxGradientNorm: setting.max_gradient_norm,
    averageDecay: setting.average_decay,
    loss: setting.loss,
    generativeNormalisation: setting.generative,
    discriminativeNormalisation: setting.discriminative,
  }
}

const designOf = ({ design, clip, text }: Setting): DesignInput => ({
  "class-token": true,
  patches:
    design.window !== undefined
      ? { window: design.window }
      : design.drawn !== undefined
        ? { random: design.drawn }
        : "all",
  projected: clip !== "siglip",
  text,
})

const WIDTHS: Readonly<Record<string, number>> = { "clip-openai": 48, "clip-openclip": 40, siglip: 64 }
const CONTEXT = 48
const VOCABULARY = 320

const start = async (setting: Setting, numbers: Numbers) => {
  const options = optionsOf(setting)
  const width = WIDTHS[setting.clip] ?? 0
  const projector = Parameters.of(
    new Map([
      ["weight", tf.div(numbers.normals(CONTEXT, width), Math.sqrt(width))],
      ["bias", tf.mul(numbers.normals(CONTEXT), 0.1)],
    ]),
  )
  const factors = new Map<string, tf.Tensor>()
  const parts = { clip: setting.clip, design: designOf(setting), projector, options }
  const ids = () => {
    const rows = new Int32Array(setting.classes * 77).fill(VOCABULARY - 1)
    for (let row = 0; row < setting.classes; row++) {
      rows[row * 77] = VOCABULARY - 2
      rows.set(numbers.integers(5, VOCABULARY - 2), row * 77 + 1)
    }
    return tf.tensor2d(rows, [setting.classes, 77], "int32")
  }
  const made = await referenceModel(parts, (states, clip) => {
    for (const name of [...(setting.lora?.weights ?? [])].sort()) {
      const [outputs = 0, inputs = 0] = clip.parameters.at(name).shape
      const rank = setting.lora?.rank ?? 0
      factors.set(`${name}.lora_a`, tf.mul(numbers.normals(rank, inputs), 0.1))
      factors.set(`${name}.lora_b`, tf.mul(numbers.normals(outputs, rank), 0.1))
    }
    const text = { states: states(ids()) }
    if (setting.classes === 1) return text
    const features = textFeatures(clip.config, clip.parameters, ids())
    return { ...text, classifier: tf.div(features, tf.norm(features, "euclidean", -1, true)) }
  })
  for (const [name, value] of factors) made.trainable.assign(name, value)
  return { options, ...made }
}

/** What is random in a micro-batch, in the script's order. */
const microBatchFrom = (setting: Setting, { model }: Awaited<ReturnType<typeof start>>, numbers: Numbers) => {
  const unit = tf.transpose(numbers.uniforms(setting.batch, 3, 64, 64), [0, 2, 3, 1])
  const { mean, std } = CLIP_STATISTICS
  const crops = tf.div<tf.Tensor4D>(tf.sub(unit, tf.tensor1d([...mean])), tf.tensor1d([...std]))
  const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }
  const views = microBatchOf(model, crops, {
    generative: setting.generative,
    statistics: setting.discriminative === "model" ? half : undefined,
  })
  const [batch = 0, height = 0, width = 0, channels = 0] = views.latents.shape
  const patches = model.condition.dimensions.patches
  const draws = Array.from({ length: setting.draws }, (): Draw => {
    const timesteps = numbers.integers(batch, 1000)
    const noise = tf.transpose(numbers.normals(batch, channels, height, width), [0, 2, 3, 1])
    const drawn = numbers.integers(batch * (setting.design.drawn ?? 0), patches)
    return { timesteps, noise: noise.dataSync<"float32">().slice(), patches: drawn }
  })
  return { views, draws }
}

describe.runIf((await availableBackends()).includes("native"))("other settings, as in PyTorch", () => {
  beforeAll(async () => {
    await loadBackend("native")
  })

  it.each(SETTINGS.map((setting) => [setting.name, setting] as const))("%s", async (_, setting) => {
    const numbers = new Numbers(setting.seed)
    const trace = await start(setting, numbers)
    const { model, trainable, options } = trace
    const { phase } = stepOfPhase(phasesOf(options), 0)
    const optimisers = new PartOptimisers(phase)
    const average = new MovingAverage(trainable, setting.average_decay ?? 0)
    for (const [step, expected] of setting.expected.entries()) {
      const sum = localSum()
      const losses: Array<number> = []
      for (let micro = 0; micro < setting.accumulation; micro++) {
        const { views, draws } = microBatchFrom(setting, trace, numbers)
        const weights = weightsOfDraws(setting.draw_weights, setting.draws, setting.accumulation)
        const how = { names: trainable.names(), weights, loss: setting.loss, checkpoints: false }
        const result = backward(model, trainable, views, draws, how)
        losses.push(...result.losses)
        sum.add(result.gradients, micro === 0)
      }
      const { maxGradientNorm } = options
      const norm = applyGradients(trainable, optimisers, sum.take(trainable.names()), {
        step,
        maxGradientNorm,
      })
      average.update(trainable)
      expect(losses).toHaveLength(expected.losses.length)
      for (const [place, loss] of expected.losses.entries()) expectNear(losses[place] ?? 0, loss, 1e-3, 1e-4)
      expectNear(norm, expected.gradient_norm, 1e-3, 1e-4)
      const rates = [...phase.parts.values()].map(({ learningRate }) => learningRate(step))
      expect(rates).toEqual(expected.learning_rates.map((rate) => expect.closeTo(rate, 12)))
      expectParameters(average.parameters(), expected.parameters)
    }
  })
})
