import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadBackend, Parameters, readParameters } from "../../tensor/index.ts"
import {
  type ClipConfig,
  imageFeatures,
  initialiseClip,
  learnBpe,
  loadClip,
  OPENAI_MEAN,
  OPENAI_STD,
  parseClipConfig,
  saveClip,
  textFeatures,
  textHiddenStates,
  toHfTextConfig,
  toHfTextModel,
  writeVocabulary,
} from "./index.ts"

const fixtures = join(import.meta.dirname, "../../../../../test/fixtures")

const config: ClipConfig = {
  embed_dim: 8,
  quick_gelu: true,
  vision: { image_size: 16, layers: 1, width: 16, head_width: 8, patch_size: 8 },
  text: { context_length: 12, vocab_size: 520, width: 16, heads: 2, layers: 1 },
}
const preprocess = { size: 16, mean: OPENAI_MEAN, std: OPENAI_STD, mode: "squash" } as const

let work: string
beforeAll(async () => {
  await loadBackend()
  work = await mkdtemp(join(tmpdir(), "clip-"))
  await writeVocabulary(join(work, "words"), learnBpe(["a red star", "a red arrow"], 520))
})
afterAll(async () => {
  await rm(work, { recursive: true })
})

const save = async (name: string, parameters: Parameters, dtype: "F32" | "F16" = "F32"): Promise<string> => {
  const folder = join(work, name)
  await saveClip(folder, { config, parameters, tokenizerFolder: join(work, "words"), preprocess }, { dtype })
  return folder
}

describe("a CLIP folder", () => {
  it("gives back what was saved, and the same bytes each time", async () => {
    const parameters = initialiseClip(config, 7)
    const folder = await save("first", parameters)
    const again = await save("again", parameters)
    for (const file of ["open_clip_config.json", "open_clip_model.safetensors", "vocab.json", "merges.txt"]) {
      expect(await readFile(join(again, file))).toEqual(await readFile(join(folder, file)))
    }
    const model = await loadClip(folder)
    expect(model.config).toEqual(config)
    expect(model.preprocess).toEqual(preprocess)
    expect(model.logitScale).toBeCloseTo(1 / 0.07, 4)
    expect(model.logitBias).toBe(0)
    const pixels = tf.reshape(tf.linspace(-1, 1, 2 * 16 * 16 * 3), [2, 16, 16, 3])
    const features = imageFeatures(model.config, model.parameters, pixels)
    expect(features.shape).toEqual([2, 8])
    expect([...features.dataSync()]).toEqual([...imageFeatures(config, parameters, pixels).dataSync()])
    const texts = textFeatures(
      model.config,
      model.parameters,
      model.tokenizer.encode(["a star", "red", "arrow"]),
    )
    expect(texts.shape).toEqual([3, 8])
    model.dispose()
  })

  it("leaves no tensor behind", async () => {
    const parameters = initialiseClip(config, 3)
    const folder = await save("counted", parameters)
    const half = await save("half", parameters, "F16")
    parameters.dispose()
    const before = tf.memory().numTensors
    for (const saved of [folder, half]) (await loadClip(saved)).dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it("is refused with the names of what is missing, too much or misshapen", async () => {
    const tensors = new Map(initialiseClip(config, 1).entries())
    tensors.delete("visual.proj")
    tensors.set("visual.head", tf.zeros([1]))
    tensors.set("ln_final.bias", tf.zeros([3]))
    const before = tf.memory().numTensors
    const folder = await save("wrong", Parameters.of(tensors))
    await expect(loadClip(folder)).rejects.toThrow(
      /missing: visual\.proj; unexpected: visual\.head; of another shape: ln_final\.bias is \[3\], not \[16\]/,
    )
    expect(tf.memory().numTensors).toBe(before)
  })

  it("is refused when a file is missing or describes another architecture", async () => {
    const folder = await save("other", initialiseClip(config, 1))
    const file = join(folder, "open_clip_config.json")
    const json = JSON.parse(await readFile(file, "utf8"))
    json.model_cfg.vision_cfg.timm_model_name = "convnext_base"
    await writeFile(file, JSON.stringify(json))
    await expect(loadClip(folder)).rejects.toThrow(/timm_model_name/)
    await rm(join(folder, "merges.txt"))
    await rm(file)
    await expect(loadClip(folder)).rejects.toThrow(/open_clip_config\.json/)
  })
})

describe("initialiseClip", () => {
  it("depends on the seed alone and has OpenAI's spread", () => {
    const table = (seed: number) => initialiseClip(config, seed).at("token_embedding.weight")
    expect([...table(5).dataSync()]).toEqual([...table(5).dataSync()])
    expect([...table(5).dataSync()]).not.toEqual([...table(6).dataSync()])
    const deviation = tf.sqrt(tf.moments(table(5)).variance).dataSync()[0] ?? 0
    expect(deviation).toBeCloseTo(0.02, 3)
  })
})

describe("toHfTextModel", () => {
  it("names the text tower as Hugging Face's export of the same model", async () => {
    const folder = join(fixtures, "clip-openai")
    const theirs = await readParameters(join(folder, "huggingface.safetensors"))
    const read = parseClipConfig(JSON.parse(await readFile(join(folder, "config.json"), "utf8")))
    const ours = toHfTextModel(read.config, await readParameters(join(folder, "open_clip.safetensors")))
    const names = theirs.names().filter((name) => name.startsWith("text_model."))
    expect([...ours.keys()].sort()).toEqual(names)
    for (const name of names) {
      expect([...(ours.get(name)?.dataSync() ?? [])]).toEqual([...theirs.at(name).dataSync()])
    }
    const { text_config } = JSON.parse(await readFile(join(folder, "huggingface_config.json"), "utf8"))
    const { initializer_factor, initializer_range, ...expected } = text_config
    expect(toHfTextConfig(read.config)).toMatchObject(expected)
  })

  it("has its hidden states from textHiddenStates", () => {
    const states = textHiddenStates(config, initialiseClip(config, 2), [Int32Array.of(1, 2, 3)])
    expect(states.shape).toEqual([1, 3, 16])
  })
})
