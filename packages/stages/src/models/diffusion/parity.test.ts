import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { readSafetensors } from "../../formats/index.ts"
import { loadBackend } from "../../tensor/index.ts"
import {
  decodeUnscaled,
  encodeImages,
  loadAutoencoder,
  loadSchedule,
  loadTextEncoder,
  loadUNet,
  predictNoise,
  promptStates,
} from "./index.ts"

const fixtures = join(import.meta.dirname, "../../../../../test/fixtures")

/**
 * Stable Diffusion 2.1's structure; 1.x's (one number of heads for all levels, convolutions as projections, QuickGELU, files
 * of torch with the old names of attention); and 2.1-v's. The last two are made by test/reference/stable_diffusion.py.
 */
const MODELS = ["sd", "sd-1", "sd-2-v"] as const

/** The fixture's tolerance (manifest.json). */
const RELATIVE = 2e-4
const ABSOLUTE = 2e-5

const toNhwc = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 2, 3, 1])

const expectClose = (actual: tf.Tensor, expected: tf.Tensor): void => {
  expect(actual.shape).toEqual(expected.shape)
  const excess = tf.tidy(() => {
    const allowed = tf.add(tf.mul(tf.abs(expected), RELATIVE), ABSOLUTE)
    return tf.max(tf.div(tf.abs(tf.sub(actual, expected)), allowed)).dataSync()[0]
  })
  expect(excess).toBeLessThan(1)
}

describe.each(MODELS)("parity of %s with diffusers and transformers", (model) => {
  const folder = join(fixtures, model)
  const fixture = new Map<string, tf.Tensor>()
  const expected = (name: string): tf.Tensor => fixture.get(name) ?? tf.zeros([0])
  const integers = (name: string): Int32Array => Int32Array.from(expected(name).dataSync())

  beforeAll(async () => {
    await loadBackend()
    for (const [name, { data, shape }] of await readSafetensors(join(folder, "expected.safetensors"))) {
      const whole = !(data instanceof Float32Array)
      const values = whole ? Int32Array.from(data, Number) : data
      fixture.set(name, tf.tensor(values, [...shape], whole ? "int32" : "float32"))
    }
  })

  it("predicts the same noise, loss and gradient of the condition", async () => {
    const unet = await loadUNet(join(folder, "unet"))
    const latents = toNhwc(expected("latent"))
    const target = toNhwc(expected("target"))
    const timesteps = integers("timestep")
    expect(unet.config.linearProjection).toBe(model !== "sd-1")
    const noise = predictNoise(unet, latents, timesteps, expected("context"))
    expectClose(noise, toNhwc(expected("noise_prediction")))
    const loss = (context: tf.Tensor) =>
      tf.mean(tf.square(tf.sub(predictNoise(unet, latents, timesteps, context), target)))
    const before = tf.memory().numTensors
    const { value, grad } = tf.valueAndGrad(loss)(expected("context"))
    expect(tf.memory().numTensors - before).toBe(2)
    expectClose(value, expected("loss"))
    expectClose(grad, expected("context_gradient"))
  })

  it("encodes and decodes images to the same values", async () => {
    const vae = await loadAutoencoder(join(folder, "vae"))
    const { mean, logVariance } = encodeImages(vae, toNhwc(expected("image")))
    expectClose(mean, toNhwc(expected("vae_mean")))
    expectClose(logVariance, toNhwc(expected("vae_logvar")))
    expectClose(decodeUnscaled(vae, toNhwc(expected("vae_mean"))), toNhwc(expected("vae_decoded_mean")))
  })

  it("gives a prompt the same states", async () => {
    const textEncoder = await loadTextEncoder(join(folder, "text_encoder"))
    expectClose(promptStates(textEncoder, expected("text_ids")), expected("text_hidden_states"))
  })

  it("adds the same noise", async () => {
    const schedule = await loadSchedule(join(folder, "scheduler"))
    expectClose(tf.tensor1d(schedule.alphasCumprod), expected("alphas_cumprod"))
    const noisy = schedule.addNoise(
      toNhwc(expected("add_noise_x0")),
      toNhwc(expected("add_noise_noise")),
      integers("add_noise_timesteps"),
    )
    expectClose(noisy, toNhwc(expected("add_noise_result")))
    if (model !== "sd-2-v") return
    const images = toNhwc(expected("add_noise_x0"))
    const noise = toNhwc(expected("add_noise_noise"))
    const velocity = schedule.targetOf(images, noise, integers("add_noise_timesteps"))
    expectClose(velocity, toNhwc(expected("velocity")))
  })
})
