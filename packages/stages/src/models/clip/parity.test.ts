import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { readSafetensors } from "../../formats/index.ts"
import { availableBackends, loadBackend, Parameters, readParameters } from "../../tensor/index.ts"
import {
  allTokens,
  imageFeatures,
  imageTokens,
  parseClipConfig,
  projectTokens,
  textFeatures,
} from "./index.ts"

const fixtures = join(import.meta.dirname, "../../../../../test/fixtures")

/** A tensor of a fixture, as float32 or int32. */
const numbers = async (folder: string, file: string): Promise<(name: string) => tf.Tensor> => {
  const stored = await readSafetensors(join(folder, file))
  return (name) => {
    const { data, shape } = stored.get(name) ?? { data: new Float32Array(), shape: [0] }
    if (data instanceof Float32Array) return tf.tensor(data, [...shape], "float32")
    return tf.tensor(Int32Array.from(data, Number), [...shape], "int32")
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

/** The gradient of what `loss` makes of the model, for each of the named parameters. */
const gradientsOf = (
  parameters: Parameters,
  names: ReadonlyArray<string>,
  loss: (view: Parameters) => tf.Tensor,
): ReadonlyArray<tf.Tensor> =>
  tf.grads((...visual: ReadonlyArray<tf.Tensor>) => {
    const all = new Map(parameters.entries())
    for (const [index, name] of names.entries()) all.set(name, visual[index] ?? parameters.at(name))
    return loss(Parameters.of(all))
  })(names.map((name) => parameters.at(name)))

describe.each(await availableBackends())("parity with open_clip on %s", (backend) => {
  describe.each(["clip-openai", "clip-openclip"])("%s", (fixture) => {
    const folder = join(fixtures, fixture)
    const { config } = parseClipConfig(JSON.parse(readFileSync(join(folder, "config.json"), "utf8")))
    let parameters: Parameters
    let expected: (name: string) => tf.Tensor
    let pixels: tf.Tensor

    beforeAll(async () => {
      await loadBackend(backend)
      parameters = await readParameters(join(folder, "open_clip.safetensors"))
      expected = await numbers(folder, "expected.safetensors")
      pixels = tf.transpose(expected("image"), [0, 2, 3, 1])
    })

    it("gives the same tokens and features", () => {
      const tokens = imageTokens(config, parameters, pixels)
      expectClose(tokens, expected("tokens_before_norm"), 1e-4, 1e-5)
      expectClose(projectTokens(config, parameters, tokens), expected("tokens_projected"), 1e-4, 1e-5)
      expectClose(imageFeatures(config, parameters, pixels), expected("image_features"), 1e-4, 1e-5)
      const ids = expected("text_ids")
      expectClose(textFeatures(config, parameters, ids), expected("text_features"), 1e-4, 1e-5)
    })

    it("gives the same gradient for every visual parameter", async () => {
      const wanted = await readParameters(join(folder, "gradients.safetensors"))
      const names = wanted.names()
      const weights = expected("gradient_weights")
      const before = tf.memory().numTensors
      const gradients = gradientsOf(parameters, names, (view) =>
        tf.sum(tf.mul(projectTokens(config, view, imageTokens(config, view, pixels)), weights)),
      )
      expect(tf.memory().numTensors - before).toBe(names.length)
      for (const [index, name] of names.entries()) {
        expectClose(gradients[index] ?? tf.scalar(0), wanted.at(name), 1e-3, 1e-4)
      }
    })
  })

  describe("siglip", () => {
    const folder = join(fixtures, "siglip")
    const { config, preprocess } = parseClipConfig(
      JSON.parse(readFileSync(join(folder, "config.json"), "utf8")),
    )
    let parameters: Parameters
    let expected: (name: string) => tf.Tensor
    let pixels: tf.Tensor

    beforeAll(async () => {
      await loadBackend(backend)
      parameters = await readParameters(join(folder, "open_clip.safetensors"))
      expected = await numbers(folder, "expected.safetensors")
      pixels = tf.transpose(expected("image"), [0, 2, 3, 1])
    })

    it("squashes images and takes 0.5 for mean and deviation", () => {
      expect(preprocess).toEqual({ size: 48, mode: "squash", mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] })
    })

    it("gives the same tokens, features and logits", () => {
      const tokens = projectTokens(config, parameters, imageTokens(config, parameters, pixels))
      expectClose(tokens, expected("tokens_after_norm"), 1e-4, 1e-5)
      const images = imageFeatures(config, parameters, pixels)
      expectClose(images, expected("image_features"), 1e-4, 1e-5)
      const all = allTokens(config, parameters, pixels, false)
      expectClose(
        tf.squeeze(tf.slice(all, [0, 0, 0], [2, 1, 64]), [1]),
        expected("image_features"),
        1e-4,
        1e-5,
      )
      expectClose(tf.slice(all, [0, 1, 0], [2, 36, 64]), expected("tokens_after_norm"), 1e-4, 1e-5)
      const texts = textFeatures(config, parameters, expected("text_ids"))
      expectClose(texts, expected("text_features"), 1e-4, 1e-5)
      const unit = (x: tf.Tensor) => tf.div(x, tf.norm(x, "euclidean", 1, true))
      const cosines = tf.matMul(unit(images), unit(texts), false, true)
      const scaled = tf.mul(cosines, tf.exp(parameters.at("logit_scale")))
      expectClose(tf.add(scaled, parameters.at("logit_bias")), expected("logits_per_image"), 1e-4, 1e-5)
    })

    it("gives the same gradient for every visual parameter", async () => {
      const wanted = await readParameters(join(folder, "gradients.safetensors"))
      const pool = (await numbers(folder, "gradient_pool_weights.safetensors"))("weights")
      const weights = tf.concat([tf.expandDims(pool, 1), expected("gradient_weights")], 1)
      const before = tf.memory().numTensors
      const gradients = gradientsOf(parameters, wanted.names(), (view) =>
        tf.sum(tf.mul(allTokens(config, view, pixels, true), weights)),
      )
      expect(tf.memory().numTensors - before).toBe(wanted.names().length)
      for (const [index, name] of wanted.names().entries()) {
        expectClose(gradients[index] ?? tf.scalar(0), wanted.at(name), 1e-3, 1e-4)
      }
    })
  })
})
