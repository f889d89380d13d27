import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { chooseTokens, type DesignInput, joinText, towerTokens } from "../../condition/index.ts"
import { predictNoise } from "../../models/diffusion/index.ts"
import { loadBackend, RecordedComputation, readParameters } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import { type Draw, weightsOfDraws } from "./draws.ts"
import {
  expectClose,
  expectNear,
  expectParameters,
  fixtures,
  json,
  referenceModel,
  TRACE_OPTIONS,
  tensorsOf,
} from "./fixtures/reference-model.ts"
import { localSum } from "./gradient-sum.ts"
import { microBatchOf } from "./noise-loss.ts"
import type { DivaOptions } from "./options.ts"
import { PartOptimisers } from "./part-optimisers.ts"
import { phasesOf, stepOfPhase } from "./phase.ts"
import { applyGradients, backward } from "./step.ts"

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
  readonly warmup_ratio: number
  readonly warmup_steps: number
}

interface ExpectedStep {
  readonly losses: ReadonlyArray<number>
  readonly gradient_norm: number
  readonly learning_rate: number
  readonly parameters: Readonly<Record<string, readonly [norm: number, sum: number]>>
}

/** What a trace starts from. */
const traceOf = async (name: string) => {
  const folder = join(fixtures, "train-trace", name)
  const recipe: Recipe = json(join(folder, "design.json"))
  expect(Math.ceil(recipe.steps * recipe.warmup_ratio)).toBe(recipe.warmup_steps)
  const options: DivaOptions = { ...TRACE_OPTIONS, steps: recipe.steps, warmup: recipe.warmup_steps }
  const projector = await readParameters(join(folder, "visual_proj.safetensors"))
  const prompt = await tensorsOf(join(folder, "prompt.safetensors"))
  const design = DESIGNS[name] ?? { "class-token": true, patches: "none", text: "mean" }
  const parts = { clip: recipe.weights, design, projector, options }
  const model = await referenceModel(parts, (states) => ({
    states: states(tf.reshape<tf.Rank.R2>(prompt("ids"), [1, 77])),
  }))
  const inputs = await tensorsOf(join(folder, "inputs.safetensors"))
  return { folder, options, inputs, prompt, ...model }
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
  return microBatchOf(trace.model, crops, { generative: "original" })
}

/** One step of a trace, recorded as those of long trainings are: what steps.json tells of it. */
const runStep = (trace: Trace, optimisers: PartOptimisers, graphs: RecordedComputation, step: number) => {
  const { model, trainable, options } = trace
  const sum = localSum()
  const losses: Array<number> = []
  for (let micro = 0; micro < options.accumulation; micro++) {
    const draws = [0, 1].map((draw) => drawOf(trace, `${step}.${micro}.${draw}`))
    const weights = weightsOfDraws("original", 2, options.accumulation)
    const how = { names: trainable.names(), weights, loss: "mse", checkpoints: false } as const
    const result = backward(model, trainable, microBatch(trace, `${step}.${micro}`), draws, how, graphs)
    losses.push(...result.losses)
    sum.add(result.gradients, micro === 0)
  }
  const norm = applyGradients(trainable, optimisers, sum.take(trainable.names()), {
    step,
    maxGradientNorm: options.maxGradientNorm,
  })
  return { losses, norm }
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
    const { clip, projector, denoiser } = model.weights()
    expectClose(model.text.states, trace.prompt("hidden_states"), 1e-4, 1e-5)
    const { pixels, latents } = microBatch(trace, "0.0")
    expectClose(pixels, expected("discriminative_view"), 1e-3, 1e-4)
    expectClose(latents, expected("latent"), 1e-3, 1e-4)
    const draw = drawOf(trace, "0.0.0")
    const tokens = towerTokens(model.condition, { config: model.clip, parameters: clip }, pixels)
    const chosen = chooseTokens(model.condition, tokens, draw.patches)
    expectClose(chosen, expected("condition_tokens"), 1e-3, 1e-4)
    const context = joinText(model.condition, projector, chosen, model.text.states)
    expectClose(context, expected("context"), 1e-3, 1e-4)
    const noisy = model.schedule.addNoise(latents, tf.tensor(draw.noise, latents.shape), draw.timesteps)
    const unet = { config: model.unet, parameters: denoiser }
    const prediction = predictNoise(unet, noisy, draw.timesteps, context)
    expectClose(prediction, expected("noise_prediction"), 1e-3, 1e-4)
  })

  it.each(backend === "native" ? names : [])("%s: all six steps", async (name) => {
    const trace = await traceOf(name)
    const expected: ReadonlyArray<ExpectedStep> = json(join(trace.folder, "steps.json"))
    const { phase } = stepOfPhase(phasesOf(trace.options), 0)
    const [optimisers, graphs] = [new PartOptimisers(phase), new RecordedComputation()]
    for (const [index, step] of expected.entries()) {
      const { losses, norm } = runStep(trace, optimisers, graphs, index)
      for (const [place, loss] of step.losses.entries()) expectNear(losses[place] ?? 0, loss, 1e-3, 1e-4)
      expectNear(norm, step.gradient_norm, 1e-3, 1e-4)
      expect(phase.parts.get("clip")?.learningRate(index)).toBeCloseTo(step.learning_rate, 12)
      expectParameters(trace.trainable.parameters(), step.parameters)
    }
    const final = await readParameters(join(trace.folder, "final.safetensors"))
    for (const [parameter, value] of final.entries()) {
      expectClose(trace.trainable.parameters().at(parameter), value, 1e-3, 1e-4)
    }
  })
})
