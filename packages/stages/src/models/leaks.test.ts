import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadBackend, type Parameters } from "../tensor/index.ts"
import {
  allTokens,
  type ClipConfig,
  imageFeatures,
  imageTokens,
  initialiseClip,
  learnBpe,
  loadClip,
  normaliseTokens,
  OPENAI_MEAN,
  OPENAI_STD,
  parseClipConfig,
  projectTokens,
  saveClip,
  saveLike,
  textFeatures,
  textHiddenStates,
  toHfTextModel,
  writeVocabulary,
} from "./clip/index.ts"
import {
  autoencoderShapes,
  decodeLatents,
  decodeUnscaled,
  encodeImages,
  initialParameters,
  latentMean,
  loadAutoencoder,
  loadDiffusion,
  loadSchedule,
  loadTextEncoder,
  loadUNet,
  predictNoise,
  promptStates,
  saveDiffusion,
} from "./diffusion/index.ts"

const fixture = join(import.meta.dirname, "../../../../test/fixtures/sd")

let work: string
beforeAll(async () => {
  await loadBackend()
  work = await mkdtemp(join(tmpdir(), "leaks-"))
  await writeVocabulary(join(work, "words"), learnBpe(["a red star", "a red arrow"], 520))
})
afterAll(() => rm(work, { recursive: true }))

type Made = tf.Tensor | ReadonlyArray<tf.Tensor> | { readonly dispose: () => void }

/** Runs it, and looks whether the tensors that are left are the ones that it gives, and none when those are gone. */
const expectNoLeak = async (make: () => Made | Promise<Made>, left?: number): Promise<void> => {
  const before = tf.memory().numTensors
  const made = await make()
  const outputs = made instanceof tf.Tensor ? 1 : Array.isArray(made) ? made.length : left
  if (outputs !== undefined) expect(tf.memory().numTensors - before).toBe(outputs)
  if (made instanceof tf.Tensor || "dispose" in made) made.dispose()
  else tf.dispose([...made])
  expect(tf.memory().numTensors).toBe(before)
}

const TEXT = { context_length: 5, vocab_size: 520, width: 8, heads: 2, layers: 1 }
const VISION = { image_size: 8, patch_size: 4, width: 8, head_width: 4, layers: 1 }
const { config: plain } = parseClipConfig({ embed_dim: 6, vision_cfg: VISION, text_cfg: TEXT })
const { config: siglip } = parseClipConfig({
  embed_dim: 8,
  custom_text: true,
  init_logit_bias: -10,
  vision_cfg: { ...VISION, timm_model_name: "vit_base_patch16_siglip_224" },
  text_cfg: { ...TEXT, proj_bias: true, pool_type: "last", no_causal_mask: true },
})

describe.each<[string, ClipConfig]>([
  ["CLIP", plain],
  ["SigLIP", siglip],
])("%s leaves no tensor behind", (name, config) => {
  const pixels = () => tf.zeros([2, 8, 8, 3])
  const withModel = async (use: (parameters: Parameters, x: tf.Tensor) => Made): Promise<void> => {
    const [parameters, x] = [initialiseClip(config, 1), pixels()]
    await expectNoLeak(() => use(parameters, x))
    parameters.dispose()
    x.dispose()
  }
  const ids = [Int32Array.of(1, 2, 3)]

  it.each<[string, (parameters: Parameters, x: tf.Tensor) => Made]>([
    ["imageTokens", (p, x) => imageTokens(config, p, x)],
    ["imageFeatures", (p, x) => imageFeatures(config, p, x)],
    ["allTokens", (p, x) => allTokens(config, p, x, true)],
    ["allTokens before the projection", (p, x) => allTokens(config, p, x, false)],
    ["textHiddenStates", (p) => textHiddenStates(config, p, ids)],
    ["textFeatures", (p) => textFeatures(config, p, ids)],
  ])("in %s", (_, use) => withModel(use))

  it.each([
    ["projectTokens", projectTokens],
    ["normaliseTokens", normaliseTokens],
  ] as const)("in %s", (_, use) =>
    withModel((parameters) => {
      const tokens = tf.zeros([1, 3, 8])
      const made = use(config, parameters, tokens)
      tokens.dispose()
      return made
    }),
  )

  it("in the gradient of the features", () =>
    withModel((parameters, x) => tf.grad((y: tf.Tensor) => tf.sum(imageFeatures(config, parameters, y)))(x)))

  it("in initialiseClip", () => expectNoLeak(() => initialiseClip(config, 2)))

  it("in toHfTextModel, saveClip, saveLike and loadClip", async () => {
    const parameters = initialiseClip(config, 3)
    const [folder, tokenizerFolder] = [join(work, name), join(work, "words")]
    if (name === "CLIP") await expectNoLeak(() => [...toHfTextModel(config, parameters).values()])
    const before = tf.memory().numTensors
    const preprocess = { size: 8, mean: OPENAI_MEAN, std: OPENAI_STD, mode: "squash" } as const
    await saveClip(folder, { config, parameters, tokenizerFolder, preprocess })
    await saveLike(folder, join(work, `${name}-like`), parameters)
    expect(tf.memory().numTensors).toBe(before)
    await expectNoLeak(() => loadClip(folder), parameters.names().length)
    parameters.dispose()
  })
})

describe("a diffusion model leaves no tensor behind", () => {
  it("in the UNet, forwards and in the gradient of the condition", async () => {
    const { parameters, config } = await loadUNet(join(fixture, "unet"))
    const latents = tf.zeros([1, 8, 8, config.inChannels])
    const context = tf.zeros([1, 3, config.crossAttentionDim])
    const noise = (c: tf.Tensor) => predictNoise({ parameters, config }, latents, Int32Array.of(3), c)
    await expectNoLeak(() => noise(context))
    await expectNoLeak(() => tf.grad((c: tf.Tensor) => tf.sum(noise(c)))(context))
    expect(() => noise(latents)).toThrow(/takes a condition/)
    await expectNoLeak(() => loadUNet(join(fixture, "unet")).then((unet) => unet.parameters))
    for (const one of [parameters, latents, context]) one.dispose()
  })

  it("in the autoencoder", async () => {
    const vae = await loadAutoencoder(join(fixture, "vae"))
    const [images, latents] = [tf.zeros([1, 16, 16, 3]), tf.zeros([1, 4, 4, vae.config.latentChannels])]
    await expectNoLeak(() => Object.values(encodeImages(vae, images)))
    await expectNoLeak(() => latentMean(vae, images))
    await expectNoLeak(() => decodeUnscaled(vae, latents))
    await expectNoLeak(() => decodeLatents(vae, latents))
    await expectNoLeak(() => initialParameters(autoencoderShapes(vae.config), 1, "leaks"))
    for (const one of [vae.parameters, images, latents]) one.dispose()
  })

  it("in the text encoder and the schedule", async () => {
    const encoder = await loadTextEncoder(join(fixture, "text_encoder"))
    const ids = tf.zeros([1, 4], "int32")
    await expectNoLeak(() => promptStates(encoder, ids))
    const schedule = await loadSchedule(join(fixture, "scheduler"))
    const [x, noise] = [tf.ones([2, 3]), tf.zeros([2, 3])]
    await expectNoLeak(() => schedule.addNoise(x, noise, Int32Array.of(0, 9)))
    const velocity = await loadSchedule(join(fixture, "../sd-2-v/scheduler"))
    await expectNoLeak(() => velocity.targetOf(x, noise, Int32Array.of(0, 9)))
    for (const one of [encoder.parameters, ids, x, noise]) one.dispose()
  })

  it("in saveDiffusion and loadDiffusion", async () => {
    const [unet, vae] = [await loadUNet(join(fixture, "unet")), await loadAutoencoder(join(fixture, "vae"))]
    const textEncoder = await loadTextEncoder(join(fixture, "text_encoder"))
    const { config: schedule } = await loadSchedule(join(fixture, "scheduler"))
    const before = tf.memory().numTensors
    const tokenizerFolder = join(work, "words")
    const parts = { unet, vae, textEncoder, schedule, tokenizerFolder, imageSize: 64 }
    await saveDiffusion(join(work, "sd"), parts, "F16")
    expect(tf.memory().numTensors).toBe(before)
    // The fixture's text encoder knows fewer words than any byte pairs have: what was loaded until then is let go.
    await expect(loadDiffusion(join(work, "sd"))).rejects.toThrow(/the tokenizer has 520 tokens/)
    expect(tf.memory().numTensors).toBe(before)
    for (const { parameters } of [unet, vae, textEncoder]) parameters.dispose()
  })
})
