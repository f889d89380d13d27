import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openCheckpoint, readSafetensors, writeSafetensors } from "../../formats/index.ts"
import { loadBackend, Parameters } from "../../tensor/index.ts"
import { imageFeatures, loadClip, saveClip, saveLike, textFeatures } from "./index.ts"

const fixtures = join(import.meta.dirname, "../../../../../test/fixtures")

/** As many as the tokenizer of the fixture has pieces. */
const WORDS = 700
const TEXTS = ["a red star", "Ünïcode, too", ""]

let work: string
beforeAll(async () => {
  await loadBackend()
  work = await mkdtemp(join(tmpdir(), "siglip-"))
})
afterAll(() => rm(work, { recursive: true }))

/** transformers' SiglipModel of the fixture with a larger vocabulary, and nothing of its tokenizer but `spiece.model`. */
const origin = async (): Promise<string> => {
  const folder = join(work, "origin")
  await mkdir(folder)
  const config = JSON.parse(await readFile(join(fixtures, "siglip-huggingface/config.json"), "utf8"))
  config.text_config.vocab_size = WORDS
  await writeFile(join(folder, "config.json"), JSON.stringify(config))
  await copyFile(join(fixtures, "sentencepiece/spiece.model"), join(folder, "spiece.model"))
  const tensors = await readSafetensors(join(fixtures, "siglip-huggingface/model.safetensors"))
  const stored = [...tensors].map(([name, { shape, data }]) => {
    const [rows = 0, columns = 0] = shape
    if (!name.endsWith("token_embedding.weight"))
      return { name, dtype: "F32", shape, read: () => Float32Array.from(data, Number) } as const
    const more = Float32Array.from({ length: WORDS * columns }, (_, at) =>
      Number(data[at % (rows * columns)]),
    )
    return { name, dtype: "F32", shape: [WORDS, columns], read: () => more } as const
  })
  await writeSafetensors(join(folder, "model.safetensors"), stored, { format: "pt" })
  return folder
}

/** What a folder's model makes of images and texts. */
const outputs = async (folder: string) => {
  const model = await loadClip(folder)
  const { image_size: size } = model.config.vision
  const pixels = tf.reshape(tf.linspace(-1, 1, size * size * 3), [1, size, size, 3])
  const ids = model.tokenizer.encode(TEXTS)
  const found = {
    ids: ids.map((row) => [...row]),
    image: [...imageFeatures(model.config, model.parameters, pixels).dataSync()],
    text: [...textFeatures(model.config, model.parameters, ids).dataSync()],
    scale: model.logitScale,
    bias: model.logitBias,
  }
  model.dispose()
  return found
}

describe("a SigLIP of transformers whose tokenizer is spiece.model alone", () => {
  it("gives the same after it was written as it was, and in open_clip's layout", async () => {
    const from = await origin()
    const first = await outputs(from)
    expect(new Set(first.ids.map(String)).size).toBe(TEXTS.length)
    expect(first.bias).not.toBe(0)
    const model = await loadClip(from)
    const before = tf.memory().numTensors
    await saveLike(from, join(work, "like"), model.parameters)
    const named = { config: model.config, parameters: model.parameters, preprocess: model.preprocess }
    await saveClip(join(work, "open_clip"), { ...named, tokenizerFolder: from })
    expect(tf.memory().numTensors).toBe(before)
    model.dispose()
    expect((await readdir(join(work, "like"))).sort()).toEqual((await readdir(from)).sort())
    expect(await readdir(join(work, "open_clip"))).toContain("spiece.model")
    expect(await outputs(join(work, "like"))).toEqual(first)
    expect(await outputs(join(work, "open_clip"))).toEqual(first)
    // And from there once more.
    const again = await loadClip(join(work, "open_clip"))
    await saveLike(join(work, "open_clip"), join(work, "again"), again.parameters)
    again.dispose()
    expect(await outputs(join(work, "again"))).toEqual(first)
  })

  it("keeps the names of its tensors, and what training has made of them", async () => {
    const from = join(work, "origin")
    const model = await loadClip(from)
    const tuned = Parameters.of(
      new Map(model.parameters.entries().map(([name, tensor]) => [name, tf.add(tensor, 0.5)])),
    )
    await saveLike(from, join(work, "tuned"), tuned)
    for (const part of [model, tuned]) part.dispose()
    await using before = await openCheckpoint(join(from, "model.safetensors"))
    await using after = await openCheckpoint(join(work, "tuned/model.safetensors"))
    expect([...after.names()].sort()).toEqual([...before.names()].sort())
    for (const name of before.names()) {
      const [old, now] = [await before.read(name), await after.read(name)]
      expect(now.shape).toEqual(old.shape)
      expect(Number(now.data.at(-1))).toBeCloseTo(Number(old.data.at(-1)) + 0.5, 5)
    }
  })
})
