import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { expect, it } from "vitest"
import { loadBackend, readParameters } from "../../tensor/index.ts"
import { imageFeatures, parseHuggingFaceConfig, textFeatures, withOpenClipNames } from "./index.ts"

// Made by test/reference/siglip-huggingface.py.
const folder = join(import.meta.dirname, "../../../../../test/fixtures/siglip-huggingface")

const unit = (x: tf.Tensor): tf.Tensor => tf.div(x, tf.norm(x, "euclidean", 1, true))

const largest = (a: tf.Tensor, b: tf.Tensor): number =>
  tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] ?? Number.NaN

it("a SiglipModel of transformers gives its features and logits, with patches that do not divide the image", async () => {
  await loadBackend()
  const { config } = parseHuggingFaceConfig(JSON.parse(readFileSync(join(folder, "config.json"), "utf8")))
  expect(config.vision).toMatchObject({ head_width: 6, act_kwargs: { approximate: "tanh" } })
  const before = tf.memory().numTensors
  const parameters = await readParameters(join(folder, "model.safetensors"), withOpenClipNames)
  expect(tf.memory().numTensors - before).toBe(parameters.names().length)
  const expected = await readParameters(join(folder, "expected.safetensors"))
  // Parameters of four axes are read as kernels: [height, width, 3, batch].
  const pixels = tf.transpose(expected.at("image"), [3, 0, 1, 2])
  const images = unit(imageFeatures(config, parameters, pixels))
  const texts = unit(textFeatures(config, parameters, expected.at("text_ids")))
  expect(largest(images, expected.at("image_embeds"))).toBeLessThan(1e-5)
  expect(largest(texts, expected.at("text_embeds"))).toBeLessThan(1e-5)
  const scaled = tf.mul(tf.matMul(images, texts, false, true), tf.exp(parameters.at("logit_scale")))
  expect(largest(tf.add(scaled, parameters.at("logit_bias")), expected.at("logits_per_image"))).toBeLessThan(
    1e-4,
  )
})
