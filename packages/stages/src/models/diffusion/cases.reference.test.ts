import { rm } from "node:fs/promises"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadBackend } from "../../tensor/index.ts"
import {
  channelsLast,
  drawn,
  excess,
  hasPython,
  makeCases,
  type ReferenceCase,
  readCase,
  titled,
} from "../fixtures/reference.ts"
import {
  decodeUnscaled,
  encodeImages,
  loadAutoencoder,
  loadSchedule,
  loadTextEncoder,
  loadUNet,
  predictNoise,
  promptStates,
  type UNet,
} from "./index.ts"

const NEAR = { relative: 2e-4, absolute: 4e-5 }
/** Gradients of models of few channels are less sure: PyTorch's own single and double precision differ by more than that. */
const GRADIENT = { relative: 1e-3, absolute: 1e-4 }

const isInstalled = await hasPython("torch", "diffusers", "transformers", "safetensors")

describe.skipIf(!isInstalled)(
  titled(
    "diffusion models of any sizes in any of diffusers' layouts",
    isInstalled,
    "torch, diffusers and transformers",
  ),
  () => {
    const state = { folder: "", names: [] as string[] }
    beforeAll(async () => {
      await loadBackend()
      Object.assign(state, await makeCases("diffusion_cases.py"))
    }, 600_000)
    afterAll(() => rm(state.folder, { recursive: true, force: true }))

    it.each(Array.from({ length: Number(drawn.count) }, (_, index) => index))(
      `seed ${drawn.seed}, model %i`,
      async (index) => {
        const before = tf.memory().numTensors
        const reference = await readCase(state.folder, state.names[index] ?? "")
        expect(await differences(reference), `${reference.name} ${JSON.stringify(reference.facts)}`).toEqual(
          [],
        )
        tf.dispose([...reference.expected.values()])
        expect(tf.memory().numTensors).toBe(before)
      },
    )
  },
)

/** What of a model is not as the reference has it, in words. */
const differences = async ({ folder, facts, expected }: ReferenceCase): Promise<ReadonlyArray<string>> => {
  const given = (name: string): tf.Tensor => expected.get(name) ?? tf.scalar(Number.NaN)
  const unet = await loadUNet(join(folder, "unet"))
  const vae = await loadAutoencoder(join(folder, "vae"))
  const textEncoder = await loadTextEncoder(join(folder, "text_encoder"))
  const schedule = await loadSchedule(join(folder, "scheduler"))
  const found = tf.tidy(() => {
    const [latents, noise] = [channelsLast(given("latents")), channelsLast(given("noise"))]
    const steps = Int32Array.from(given("timesteps").dataSync())
    const { mean, logVariance } = encodeImages(vae, channelsLast(given("image")))
    const made = {
      ...prediction(unet, latents, steps, given("context"), channelsLast(given("target"))),
      mean: channelsFirst(mean),
      log_variance: channelsFirst(logVariance),
      decoded: channelsFirst(decodeUnscaled(vae, channelsLast(given("mean")))),
      text_states: promptStates(textEncoder, given("text_ids")),
      alphas: tf.tensor1d(schedule.alphasCumprod),
      noisy: channelsFirst(schedule.addNoise(latents, noise, steps)),
      [facts.kind === "sd2-v" ? "velocity" : "noise"]: channelsFirst(
        schedule.targetOf(latents, noise, steps),
      ),
    }
    return Object.entries(made).flatMap(([name, tensor]) => {
      const times = excess(tensor, expected.get(name), name === "context_gradient" ? GRADIENT : NEAR)
      return times <= 1 ? [] : [`${name}: ${times.toPrecision(3)} times what is allowed`]
    })
  })
  for (const { parameters } of [unet, vae, textEncoder]) parameters.dispose()
  return found
}

const prediction = (
  unet: UNet,
  latents: tf.Tensor,
  steps: Int32Array,
  context: tf.Tensor,
  target: tf.Tensor,
) => ({
  prediction: channelsFirst(predictNoise(unet, latents, steps, context)),
  context_gradient: tf.grad((variable: tf.Tensor) =>
    tf.mean(tf.square(tf.sub(predictNoise(unet, latents, steps, variable), target))),
  )(context),
})

const channelsFirst = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 3, 1, 2])
