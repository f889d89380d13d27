import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import {
  type ConditionDesign,
  chooseTokens,
  completeDesign,
  type DesignInput,
  fitDesign,
  joinText,
  towerTokens,
} from "../../condition/index.ts"
import { readSafetensors } from "../../formats/index.ts"
import { parseClipConfig } from "../../models/clip/index.ts"
import {
  loadAutoencoder,
  loadSchedule,
  loadTextEncoder,
  loadUNet,
  predictNoise,
  promptStates,
} from "../../models/diffusion/index.ts"
import { loadBackend, Parameters, readParameters } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import { cosineWithWarmup, sgd, TrainableParameters } from "../index.ts"
import { type Draw, weightsOfDraws } from "./draws.ts"
import { type DivaModel, microBatchOf } from "./noise-loss.ts"
import { applyGradients, backward, GradientSum } from "./step.ts"

const fixtures = join(import.meta.dirname, "../../../../../test/fixtures")

const DESIGNS: Readonly<Record<string, DesignInput>> = {
  openai: { "class-token": true, patches: { random: 76 }, text: "add" },
  metaclip: { "class-token": true, patches: "all", text: "mean" },
  siglip: { "class-token": true, patches: { window: 6 }, projected: false, text: "mean" },
  "dfn-378": { "class-token": true, patches: { "random-share": 0.5 }, text: "mean" },
}

interface Recipe {
  readonly weights: string
  readonly accumulation: number
  readonly steps: number
  readonly warmup_steps: number
  readonly learning_rate: number
  readonly momentum: number
  readonly max_gradient_norm: number
}

interface ExpectedStep {
  readonly losses: ReadonlyArray<number>
  readonly gradient_norm: number
  readonly learning_rate: number
  readonly parameters: Readonly<Record<string, readonly [norm: number, sum: number]>>
}

const json = (file: string) => JSON.parse(readFileSync(file, "utf8"))

/** Tensors of a fixture as they are stored, images and latents brought to NHWC. */
const tensorsOf = async (file: string): Promise<(name: string) => tf.Tensor> => {
  const stored = await readSafetensors(file)
  return (name) => {
    const { data, shape } = stored.get(name) ?? { data: new Float32Array(), shape: [0] }
    if (!(data instanceof Float32Array)) {
      return tf.tensor(Int32Array.from(data, Number), [...shape], "int32")
    }
    const tensor = tf.tensor(data, [...shape], "float32")
    return shape.length === 4 ? tf.transpose(tensor, [0, 2, 3, 1]) : tensor
  }
}

/** |actual − expected| ≤ absolute + relative · |expected|, element by element. */
const expectClose = (actual: tf.Tensor, expected: tf.Tensor, relative: number, absolute: number): void => {
  expect(actual.shape).toEqual(expected.shape)
  const excess = tf.tidy(() => {
    const allowed = tf.add(tf.mul(tf.abs(expected), relative), absolute)
    return tf.max(tf.div(tf.abs(tf.sub(actual, expected)), allowed)).dataSync()[0]
  })
  expect(excess).toBeLessThan(1)
}

const expectNear = (actual: number, expected: number, relative: number, absolute: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + absolute)

/** What a trace starts from. */
const traceOf = async (name: string) => {
  const folder = join(fixtures, "train-trace", name)
  const recipe: Recipe = json(join(folder, "design.json"))
  const clipFolder = join(fixtures, recipe.weights)
  const { config } = parseClipConfig(json(join(clipFolder, "config.json")))
  const sd = join(fixtures, "sd")
  const [unet, vae, textEncoder, schedule] = await Promise.all([
    loadUNet(join(sd, "unet")),
    loadAutoencoder(join(sd, "vae")),
    loadTextEncoder(join(sd, "text_encoder")),
    loadSchedule(join(sd, "scheduler")),
  ])
  const clip = await readParameters(join(clipFolder, "open_clip.safetensors"))
  const projector = await readParameters(join(folder, "visual_proj.safetensors"))
  const trainable = TrainableParameters.from(
    Parameters.of(
      new Map([
        ...clip.entries().filter(([key]) => key.startsWith("visual.")),
        ...projector.entries().map(([key, value]) => [`visual_proj.${key}`, value] as const),
      ]),
    ),
  )
  const prompt = await tensorsOf(join(folder, "prompt.safetensors"))
  const text = tf.reshape<tf.Rank.R3>(promptStates(textEncoder, prompt("ids")), [1, 77, -1])
  const design: ConditionDesign = completeDesign(
    DESIGNS[name] ?? { "class-token": true, patches: "none", text: "mean" },
  )
  const condition = fitDesign(design, {
    imageSize: 64,
    patches: (config.vision.image_size / config.vision.patch_size) ** 2,
    towerWidth: config.vision.width,
    embedDim: config.embed_dim,
    contextWidth: unet.config.crossAttentionDim,
    textTokens: 77,
  })
  const trained = trainable.parameters()
  const model: DivaModel = { condition, clip: config, trained, unet, vae, schedule, text }
  const inputs = await tensorsOf(join(folder, "inputs.safetensors"))
  return { folder, recipe, model, trainable, inputs, prompt }
}

type Trace = Awaited<ReturnType<typeof traceOf>>

const int32 = (tensor: tf.Tensor) => Int32Array.from(tensor.dataSync<"int32">())

const drawOf = ({ inputs, model }: Trace, place: string): Draw => ({
  timesteps: int32(inputs(`${place}.timestep`)),
  noise: inputs(`${place}.noise`).dataSync<"float32">().slice(),
  patches:
    model.condition.dimensions["drawn-patches"] > 0
      ? int32(inputs(`${place}.patch_index`))
      : new Int32Array(),
})

const microBatch = (trace: Trace, place: string) => {
  const crops = tf.reshape<tf.Rank.R4>(trace.inputs(`${place}.image`), [2, 64, 64, 3])
  return microBatchOf(trace.model, crops, "original")
}

/** One step of a trace: what steps.json tells of it. */
const runStep = (trace: Trace, optimiser: ReturnType<typeof sgd>, step: number) => {
  const { model, trainable, recipe } = trace
  const sum = new GradientSum()
  const losses: Array<number> = []
  for (let micro = 0; micro < recipe.accumulation; micro++) {
    const draws = [0, 1].map((draw) => drawOf(trace, `${step}.${micro}.${draw}`))
    const weights = weightsOfDraws("original", 2, recipe.accumulation)
    const options = { names: trainable.names(), weights, loss: "mse" } as const
    losses.push(...backward(model, trainable, microBatch(trace, `${step}.${micro}`), draws, sum, options))
  }
  const { steps, warmup_steps: warmup, learning_rate: peak, max_gradient_norm: maxGradientNorm } = recipe
  const learningRate = cosineWithWarmup({ peak, warmup, steps })(step)
  const norm = applyGradients(trainable, optimiser, sum, { learningRate, maxGradientNorm })
  return { losses, learningRate, norm }
}

describe.each(await availableBackends())("parity of training with PyTorch on %s", (backend) => {
  beforeAll(async () => {
    await loadBackend(backend)
  })

  const names = Object.keys(DESIGNS)
  // The plain JavaScript backend is a hundred times slower than the native one.
  it.each(backend === "cpu" ? ["openai"] : names)("%s: the values of the first draw", async (name) => {
    const trace = await traceOf(name)
    const expected = await tensorsOf(join(trace.folder, "first_draw.safetensors"))
    const { model } = trace
    expectClose(model.text, trace.prompt("hidden_states"), 1e-4, 1e-5)
    const { pixels, latents } = microBatch(trace, "0.0")
    expectClose(pixels, expected("discriminative_view"), 1e-3, 1e-4)
    expectClose(latents, expected("latent"), 1e-3, 1e-4)
    const draw = drawOf(trace, "0.0.0")
    const tokens = towerTokens(model.condition, { config: model.clip, parameters: model.trained }, pixels)
    const chosen = chooseTokens(model.condition, tokens, draw.patches)
    expectClose(chosen, expected("condition_tokens"), 1e-3, 1e-4)
    const context = joinText(model.condition, model.trained.within("visual_proj"), chosen, model.text)
    expectClose(context, expected("context"), 1e-3, 1e-4)
    const noisy = model.schedule.addNoise(latents, tf.tensor(draw.noise, latents.shape), draw.timesteps)
    const prediction = predictNoise(model.unet, noisy, draw.timesteps, context)
    expectClose(prediction, expected("noise_prediction"), 1e-3, 1e-4)
  })

  const count = backend === "native" ? 6 : 1
  it.each(backend === "native" ? names : [])(`%s: ${count} steps`, async (name) => {
    const trace = await traceOf(name)
    const expected: ReadonlyArray<ExpectedStep> = json(join(trace.folder, "steps.json"))
    const optimiser = sgd({ momentum: trace.recipe.momentum })
    for (const [index, step] of expected.slice(0, count).entries()) {
      const { losses, learningRate, norm } = runStep(trace, optimiser, index)
      for (const [place, loss] of step.losses.entries()) expectNear(losses[place] ?? 0, loss, 1e-3, 1e-4)
      expectNear(norm, step.gradient_norm, 1e-3, 1e-4)
      expect(learningRate).toBeCloseTo(step.learning_rate, 12)
      for (const [parameter, value] of trace.trainable.parameters().entries()) {
        const numbers = await value.data()
        const norms = step.parameters[parameter] ?? [Number.NaN, Number.NaN]
        expectNear(norm2(numbers), norms[0], 1e-3, 1e-4)
      }
    }
    if (count < expected.length) return
    const final = await readParameters(join(trace.folder, "final.safetensors"))
    for (const [parameter, value] of final.entries()) {
      expectClose(trace.trainable.parameters().at(parameter), value, 1e-3, 1e-4)
    }
  })
})

const norm2 = (numbers: ArrayLike<number>): number =>
  Math.sqrt(Array.from(numbers).reduce((sum, number) => sum + number * number, 0))
