// ours.ts WORK REPEATS FOLDER : the median seconds of one step, and the largest memory, as JSON.
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { designNamed, fitDesign } from "../../../packages/stages/src/condition/index.ts"
import { writeShards } from "../../../packages/stages/src/formats/index.ts"
import { encodePng } from "../../../packages/stages/src/images/index.ts"
import { blueprintsOf, clipConfigNamed } from "../../../packages/stages/src/models/clip/index.ts"
import {
  autoencoderShapes,
  NoiseSchedule,
  parseAutoencoderConfig,
  parseUNetConfig,
  STABLE_DIFFUSION_SCHEDULE,
  unetShapes,
} from "../../../packages/stages/src/models/diffusion/index.ts"
import { RandomStream } from "../../../packages/stages/src/randomness/index.ts"
import { loadBackend, Parameters, RecordedComputation } from "../../../packages/stages/src/tensor/index.ts"
import { CropStream, START } from "../../../packages/stages/src/training/diva/data/index.ts"
import { drawAt } from "../../../packages/stages/src/training/diva/draws.ts"
import {
  partsWith,
  SGD,
  TRACE_OPTIONS,
} from "../../../packages/stages/src/training/diva/fixtures/reference-model.ts"
import { localSum } from "../../../packages/stages/src/training/diva/gradient-sum.ts"
import { loadTrainingModel } from "../../../packages/stages/src/training/diva/load-model.ts"
import { LocalReplica } from "../../../packages/stages/src/training/diva/local-replica.ts"
import { type DivaModel, microBatchOf } from "../../../packages/stages/src/training/diva/noise-loss.ts"
import { backward } from "../../../packages/stages/src/training/diva/step.ts"
import { trainedModel } from "../../../packages/stages/src/training/diva/trained-model.ts"
import { CLIP_STATISTICS } from "../../../packages/stages/src/training/diva/views.ts"
import { median } from "../measure.ts"
import { smallModel } from "./small-model.ts"

const [work = "", repeats = "1", folder = ""] = process.argv.slice(2)
const BATCH = 16

interface Work {
  readonly images: number
  readonly run: () => Promise<unknown>
}

/** A step of the project's own small models. */
const small = (hasLatents: boolean) => async (): Promise<Work> => {
  const model = await smallModel(folder)
  const options = {
    ...TRACE_OPTIONS,
    batch: BATCH,
    imagesAtOnce: BATCH,
    accumulation: 1,
    // As many as real trainings have, of which the bench makes a few.
    steps: 4600,
    parts: partsWith({ ...SGD, learningRate: 1e-4 }),
  }
  const replica = new LocalReplica(await loadTrainingModel(model, options), options, localSum())
  const crops = RandomStream.named(1, "crops").normals(BATCH * 64 * 64 * 3)
  const values = RandomStream.named(1, "latents").normals(BATCH * 16 * 16 * 4)
  const latents = hasLatents ? { values, shape: [16, 16, 4] } : undefined
  return {
    images: BATCH,
    run: async () => {
      await replica.backward({ step: 1, first: 0, count: BATCH, crops, latents, checkpoints: false })
      await replica.add(true)
      await replica.finishStep(1)
    },
  }
}

/** Random numbers that repeat after a million: real randomness for a billion weights takes minutes. */
const NUMBERS = RandomStream.named(1, "weights").normals(1_000_003)

const randomParameters = (shapes: Iterable<readonly [string, ReadonlyArray<number>]>): Parameters => {
  const tensors = new Map<string, tf.Tensor>()
  for (const [name, shape] of shapes) {
    const count = shape.reduce((product, size) => product * size, 1)
    const scale = shape.length < 2 ? 0.2 : 1 / Math.sqrt(count / (shape[0] ?? 1))
    const values = new Float32Array(count)
    for (let at = 0; at < count; at++) values[at] = (NUMBERS[at % NUMBERS.length] ?? 0) * scale
    const [outputs = 0, inputs = 0, height = 0, width = 0] = shape
    tensors.set(name, tf.tensor(values, shape.length === 4 ? [height, width, inputs, outputs] : [...shape]))
  }
  return Parameters.of(tensors)
}

/** One micro-batch of two draws with the shapes of ViT-L/14-224 and Stable Diffusion 2.1, with known latents or without. */
const largeStep = async () => {
  const { config } = await clipConfigNamed("ViT-L-14-quickgelu")
  const blueprints = [...blueprintsOf(config)].filter(([name]) => name.startsWith("visual."))
  // Blueprints say shapes as parameters are held.
  const clip = randomParameters(
    blueprints.map(([name, { shape }]) => {
      const [height = 0, width = 0, inputs = 0, outputs = 0] = shape
      return [name, shape.length === 4 ? [outputs, inputs, height, width] : shape] as const
    }),
  )
  const unet = parseUNetConfig({
    attention_head_dim: [5, 10, 20, 20],
    block_out_channels: [320, 640, 1280, 1280],
    cross_attention_dim: 1024,
    down_block_types: [...Array<string>(3).fill("CrossAttnDownBlock2D"), "DownBlock2D"],
    up_block_types: ["UpBlock2D", ...Array<string>(3).fill("CrossAttnUpBlock2D")],
    use_linear_projection: true,
  })
  const vae = parseAutoencoderConfig({
    block_out_channels: [128, 256, 512, 512],
    down_block_types: Array<string>(4).fill("DownEncoderBlock2D"),
    up_block_types: Array<string>(4).fill("UpDecoderBlock2D"),
    latent_channels: 4,
    layers_per_block: 2,
    sample_size: 512,
  })
  const start = {
    clip,
    projector: randomParameters([
      ["weight", [1024, 768]],
      ["bias", [1024]],
    ]),
    denoiser: randomParameters(unetShapes(unet)),
  }
  const { trainable, weights } = trainedModel(start, TRACE_OPTIONS)
  clip.dispose()
  const condition = fitDesign(designNamed("openai-l14-224"), {
    imageSize: 512,
    patches: 256,
    towerWidth: 1024,
    embedDim: 768,
    contextWidth: 1024,
    textTokens: 77,
  })
  const model: DivaModel = {
    condition,
    clip: config,
    weights,
    unet,
    vae: { config: vae, parameters: randomParameters(autoencoderShapes(vae)) },
    schedule: new NoiseSchedule(STABLE_DIFFUSION_SCHEDULE),
    text: { states: tf.randomNormal([1, 77, 1024], 0, 1, "float32", 1) },
  }
  const crops = tf.randomNormal<tf.Rank.R4>([1, 512, 512, 3], 0, 1, "float32", 1)
  const graphs = new RecordedComputation()
  return async (latents?: tf.Tensor) => {
    const views = microBatchOf(model, crops, { generative: "original", latents }, graphs)
    const sizes = { timesteps: 1000, latent: views.latents.shape.slice(1) }
    const draws = [0, 1].map((draw) => drawAt(condition, 1, { step: 0, first: 0, count: 1 }, draw, sizes))
    const how = { names: trainable.names(), weights: [1, 0.2], loss: "mse", checkpoints: false } as const
    const { gradients } = backward(model, trainable, views, draws, how, graphs)
    tf.dispose([views.pixels, views.latents, ...gradients.values()])
  }
}

const large = async (): Promise<Work> => {
  const step = await largeStep()
  return { images: 1, run: () => step() }
}

/** Images of the small models' size, from shards. */
const data = async (): Promise<Work> => {
  const shards = join(folder, "shards")
  mkdirSync(shards)
  const samples = Array.from({ length: 2000 }, (_, number) => {
    const stream = RandomStream.named(number, "image")
    const pixels = Uint8Array.from({ length: 3 * 64 * 64 }, (_, at) =>
      at % 7 === 0 ? stream.integer(256) : 128,
    )
    return {
      key: String(number),
      files: new Map([["png", encodePng({ width: 64, height: 64, data: pixels })]]),
    }
  })
  await writeShards(shards, samples, { samplesPerShard: 500 })
  const stream = new CropStream(
    {
      source: shards,
      batches: { shuffleBuffer: 1000, seed: 1, counts: [BATCH] },
      crops: { rule: TRACE_OPTIONS.crops, size: 64, ...CLIP_STATISTICS },
      from: START,
      threads: 1,
      ahead: 4,
    },
    () => undefined,
  )
  // What starting takes is no part of it.
  await stream.next()
  const batches = 200
  return {
    images: batches * BATCH,
    run: async () => {
      for (let batch = 0; batch < batches; batch++) await stream.next()
    },
  }
}

const WORKS: Readonly<Record<string, () => Promise<Work>>> = {
  small: small(false),
  latents: small(true),
  large,
  data,
}

const processorSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const took = async (run: () => Promise<unknown>) => {
  const [begun, processor] = [performance.now(), processorSeconds()]
  await run()
  return { seconds: (performance.now() - begun) / 1000, processor: processorSeconds() - processor }
}

/** What an image costs the first member of a sweep, whose latents must be made, and every other one. */
const members = async () => {
  const step = await largeStep()
  const known = () => tf.randomNormal([1, 64, 64, 4], 0, 1, "float32", 1)
  // What recording takes is no part of either.
  await step(known())
  await step()
  return { first: await took(() => step()), second: await took(() => step(known())) }
}

await loadBackend()
if (work === "members") {
  process.stdout.write(`${JSON.stringify(await members())}\n`)
  process.exit()
}
const { images, run } = await (WORKS[work] ?? large)()
if (work !== "data") await run()
const times: Array<{ readonly seconds: number; readonly processor: number }> = []
for (let repeat = 0; repeat < Number(repeats); repeat++) times.push(await took(run))
process.stdout.write(
  `${JSON.stringify({
    seconds: median(times.map(({ seconds }) => seconds)),
    processor: median(times.map(({ processor }) => processor)),
    megabytes: process.resourceUsage().maxRSS / 1000,
    images,
  })}\n`,
)
process.exit()
