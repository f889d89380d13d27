import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { Value } from "typebox/value"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { completeDesign, conditionTokens, designSchema, fitDesign } from "../../condition/index.ts"
import { loadBackend, Parameters } from "../../tensor/index.ts"
import {
  channelsLast,
  drawn,
  excess,
  hasPython,
  makeCases,
  type ReferenceCase,
  readCase,
  readTensors,
  runReference,
  titled,
} from "../fixtures/reference.ts"
import {
  allTokens,
  type ClipModel,
  imageFeatures,
  imageTokens,
  learnBpe,
  loadClip,
  normaliseTokens,
  patchesOfSide,
  saveLike,
  textFeatures,
  writeVocabulary,
} from "./index.ts"

const FORWARD = { relative: 1e-4, absolute: 2e-5 }
/** open_clip's reader of OpenAI's files rounds what it reads to half precision. */
const HALF = { relative: 2e-2, absolute: 2e-2 }
const BACKWARD = { relative: 1e-3, absolute: 1e-4 }

const isInstalled = await hasPython("torch", "open_clip", "timm", "transformers", "safetensors")

describe.skipIf(!isInstalled)(
  titled("CLIPs of any sizes in any layout", isInstalled, "torch, open_clip_torch and transformers"),
  () => {
    const words = join(tmpdir(), "none")
    const state = { folder: "", names: [] as string[], words }
    beforeAll(async () => {
      await loadBackend()
      state.words = await mkdtemp(join(tmpdir(), "words-"))
      await writeVocabulary(state.words, learnBpe(["a red star", "a red arrow"], 520))
      const made = await makeCases("clip_cases.py")
      Object.assign(state, made)
    }, 600_000)
    afterAll(async () => {
      await rm(state.folder, { recursive: true, force: true })
      await rm(state.words, { recursive: true, force: true })
    })

    it.each(Array.from({ length: Number(drawn.count) }, (_, index) => index))(
      `seed ${drawn.seed}, model %i`,
      async (index) => {
        const reference = await readCase(state.folder, state.names[index] ?? "")
        await addTokenizer(reference, state.words)
        const before = tf.memory().numTensors
        const model = await loadClip(reference.folder)
        const found = differences(model, reference)
        tf.dispose(await saveTuned(model, reference))
        model.dispose()
        expect(found, `${reference.name} ${JSON.stringify(reference.facts)}`).toEqual([])
        expect(tf.memory().numTensors).toBe(before)
        tf.dispose([...reference.expected.values()])
      },
    )

    it("each tuned and written as its origin is, opens in the library it is for and gives our features", async () => {
      await runReference("open_cases.py", state.folder, TUNED)
      for (const name of state.names) {
        const theirs = await readTensors(join(state.folder, name, `${TUNED}.safetensors`))
        const reference = await readCase(state.folder, name)
        const model = await loadClip(join(state.folder, name, TUNED))
        const pixels = channelsLast(reference.expected.get("image") ?? tf.zeros([1, 3, 1, 1]))
        const ids = reference.expected.get("text_ids") ?? tf.zeros([1, 1], "int32")
        const ours = {
          image_features: imageFeatures(model.config, model.parameters, pixels),
          text_features: textFeatures(model.config, model.parameters, ids),
          logit_scale: tf.reshape(model.parameters.at("logit_scale"), [1]),
        }
        const near = reference.facts.layout === "openai" ? HALF : FORWARD
        const found = Object.entries(ours).flatMap(([key, tensor]) =>
          reported(key, excess(tensor, theirs.get(key), near)),
        )
        expect(found, `${name} ${JSON.stringify(reference.facts)}`).toEqual([])
        // The origin's is e to the power of 2.3, or what half precision makes of that.
        expect(model.logitScale).toBeGreaterThan(1.01 * Math.exp(2.3))
        model.dispose()
      }
    }, 600_000)
  },
)

/** The folder that a tuned model is written to, beside its origin. */
const TUNED = "tuned"
/** How training has changed every parameter. */
const CHANGE = 1.01

const saveTuned = async (model: ClipModel, { folder }: ReferenceCase): Promise<Array<tf.Tensor>> => {
  const tensors = new Map(
    model.parameters
      .entries()
      .map(([name, tensor]) => [name, tensor.dtype === "int32" ? tf.clone(tensor) : tf.mul(tensor, CHANGE)]),
  )
  await saveLike(folder, join(folder, "..", TUNED), Parameters.of(tensors))
  return [...tensors.values()]
}

const addTokenizer = async ({ folder, facts }: ReferenceCase, words: string): Promise<void> => {
  const from = facts.siglip === true ? join(import.meta.dirname, "fixtures/sentencepiece") : words
  for (const file of await readdir(from))
    if (file !== "cases.json") await copyFile(join(from, file), join(folder, file))
}

/** What of a model is not as the reference has it, in words. */
const differences = (model: ClipModel, reference: ReferenceCase): ReadonlyArray<string> =>
  tf.tidy(() => {
    const { config, parameters } = model
    const { expected } = reference
    const given = (name: string): tf.Tensor => expected.get(name) ?? tf.scalar(Number.NaN)
    const pixels = channelsLast(given("image"))
    const tokens = normaliseTokens(config, parameters, imageTokens(config, parameters, pixels))
    const images = imageFeatures(config, parameters, pixels)
    const texts = textFeatures(config, parameters, given("text_ids"))
    const cosines = tf.matMul(unit(images), unit(texts), false, true)
    const logits = tf.add(tf.mul(cosines, model.logitScale), model.logitBias)
    const made = { tokens, image_features: images, text_features: texts, logits }
    const forward = Object.entries(made).flatMap(([name, tensor]) =>
      reported(name, excess(tensor, expected.get(name), FORWARD)),
    )
    const [first] = tf.split(allTokens(config, parameters, pixels, true), [1, -1], 1)
    const pooled = excess(tf.reshape(first ?? images, images.shape), images, FORWARD)
    return [
      ...forward,
      ...reported("pooled token", pooled),
      ...gradientDifferences(model, expected, pixels),
      ...conditionDifferences(model, reference, pixels),
    ]
  })

/** The same for the condition tokens of the four kinds of designs, with the patches that the reference drew. */
const conditionDifferences = (
  { config, parameters }: ClipModel,
  { facts, expected }: ReferenceCase,
  pixels: tf.Tensor,
): ReadonlyArray<string> => {
  const sizes = {
    imageSize: 64,
    patches: patchesOfSide(config.vision) ** 2,
    towerWidth: config.vision.width,
    embedDim: config.embed_dim,
    contextWidth: 8,
    textTokens: 5,
  }
  const designs = Object.entries(facts.designs ?? {})
  expect(designs.length).toBe(4)
  return designs.flatMap(([name, patches]) => {
    const design = completeDesign(Value.Parse(designSchema, { "class-token": true, patches, text: "mean" }))
    const condition = fitDesign(design, sizes)
    const drawn = Int32Array.from(expected.get(`drawn:${name}`)?.dataSync() ?? [])
    const tokens = conditionTokens(condition, { config, parameters }, pixels, drawn)
    const key = `condition:${name}`
    return reported(key, excess(tokens, expected.get(key), FORWARD))
  })
}

const gradientDifferences = (
  { config, parameters }: ClipModel,
  expected: ReadonlyMap<string, tf.Tensor>,
  pixels: tf.Tensor,
): ReadonlyArray<string> => {
  const prefix = "gradient:"
  const names = [...expected.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
  const [tokenWeights, featureWeights] = [expected.get("token_weights"), expected.get("feature_weights")]
  if (tokenWeights === undefined || featureWeights === undefined) return ["no weights"]
  const gradients = tf.grads((...tuned: ReadonlyArray<tf.Tensor>) => {
    const all = new Map(parameters.entries())
    for (const [index, name] of names.entries()) all.set(name, tuned[index] ?? parameters.at(name))
    const view = Parameters.of(all)
    const tokens = normaliseTokens(config, view, imageTokens(config, view, pixels))
    const features = imageFeatures(config, view, pixels)
    return tf.add(tf.sum(tf.mul(tokens, tokenWeights)), tf.sum(tf.mul(features, featureWeights)))
  })(names.map((name) => parameters.at(name)))
  return names.flatMap((name, index) => {
    const gradient = gradients[index] ?? tf.scalar(0)
    const stored = gradient.rank === 4 ? tf.transpose(gradient, [3, 2, 0, 1]) : gradient
    return reported(name, excess(stored, expected.get(prefix + name), BACKWARD))
  })
}

const unit = (x: tf.Tensor): tf.Tensor => tf.div(x, tf.norm(x, "euclidean", 1, true))

const reported = (name: string, times: number): ReadonlyArray<string> =>
  times <= 1 ? [] : [`${name}: ${times.toPrecision(3)} times what is allowed`]
