import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  type CheckpointFile,
  openCheckpoint,
  readSafetensors,
  type StoredTensor,
  type TensorToStore,
  writeSafetensors,
  writeTorch,
} from "../../formats/index.ts"
import { loadBackend, Parameters, parametersToStore } from "../../tensor/index.ts"
import {
  type ClipConfig,
  initialiseClip,
  learnBpe,
  loadClip,
  saveLike,
  withOpenClipNames,
  writeVocabulary,
} from "./index.ts"

const fixtures = join(import.meta.dirname, "../../../../../test/fixtures")

let work: string
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "clip-names-"))
})
afterAll(async () => {
  await rm(work, { recursive: true })
})

const allOf = async (file: CheckpointFile): Promise<Map<string, StoredTensor>> => {
  const tensors = new Map<string, StoredTensor>()
  for (const name of file.names()) tensors.set(name, await file.read(name))
  return tensors
}

const toStore = (
  tensors: ReadonlyMap<string, StoredTensor>,
  rename: (name: string) => string,
  dtype: "F32" | "F16" = "F32",
): ReadonlyArray<TensorToStore> =>
  [...tensors].map(([name, { shape, data }]) => ({
    name: rename(name),
    dtype,
    shape,
    read: () => Float32Array.from(data, Number),
  }))

describe.each(["clip-openai", "clip-openclip"])("the names of %s", (fixture) => {
  const folder = join(fixtures, fixture)

  it("of Hugging Face's file mean the same tensors as open_clip's", async () => {
    await using file = withOpenClipNames(await openCheckpoint(join(folder, "huggingface.safetensors")))
    expect(file.naming).toBe("hugging-face")
    const expected = await readSafetensors(join(folder, "open_clip.safetensors"))
    const found = await allOf(file)
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort())
    for (const [name, tensor] of found) {
      expect(file.entry(name)).toMatchObject({ shape: expected.get(name)?.shape, dtype: "F32" })
      expect(tensor).toEqual(expected.get(name))
    }
  })

  it.each(["state_dict.", "module.", "state_dict.module.", "model.clip."])(
    "may stand behind %s, as training code leaves it",
    async (prefix) => {
      const expected = await readSafetensors(join(folder, "open_clip.safetensors"))
      const written = join(work, "wrapped.pt")
      const others = new Map([
        ["optimizer.0", { dtype: "F32", shape: [1], data: Float32Array.of(1) } as const],
      ])
      await writeTorch(written, [
        ...toStore(expected, (name) => prefix + name),
        ...toStore(others, (name) => name),
      ])
      await using file = withOpenClipNames(await openCheckpoint(written))
      expect(file.prefix).toBe(prefix)
      expect(await allOf(file)).toEqual(expected)
    },
  )
})

describe("names", () => {
  const source = join(fixtures, "clip-openai/huggingface.safetensors")
  const changed = async (rename: (name: string) => string | undefined): Promise<CheckpointFile> => {
    const tensors = [...(await readSafetensors(source))].flatMap(([name, tensor]) => {
      const other = rename(name)
      return other === undefined ? [] : [[other, tensor] as const]
    })
    await writeSafetensors(
      join(work, "changed.safetensors"),
      toStore(new Map(tensors), (name) => name),
    )
    return await openCheckpoint(join(work, "changed.safetensors"))
  }

  it("of which a part is missing are told", async () => {
    const key = "text_model.encoder.layers.1.self_attn.k_proj.weight"
    await using file = await changed((name) => (name === key ? undefined : name))
    expect(() => withOpenClipNames(file)).toThrow(`the tensor ${key} is missing`)
  })

  it("that mean nothing stay as they are, but for positions", async () => {
    await using file = await changed((name) =>
      name === "logit_scale"
        ? "extra"
        : name === "text_projection.weight"
          ? "text_model.embeddings.position_ids"
          : name,
    )
    const names = withOpenClipNames(file).names()
    expect(names).toContain("extra")
    expect(names.some((name) => name.includes("position_ids") || name === "text_projection")).toBe(false)
  })

  it("of no CLIP, and of two, are refused", async () => {
    await using none = await changed((name) => `${name}.x`)
    expect(() => withOpenClipNames(none)).toThrow(/it holds no CLIP/)
    const tensors = await readSafetensors(join(fixtures, "clip-openai/open_clip.safetensors"))
    await writeTorch(join(work, "two.pt"), [
      ...toStore(tensors, (name) => `student.${name}`),
      ...toStore(tensors, (name) => `teacher.${name}`),
    ])
    await using two = await openCheckpoint(join(work, "two.pt"))
    expect(() => withOpenClipNames(two)).toThrow('it holds 2 CLIPs, under "student." and "teacher."')
  })
})

describe("a model that is written as its origin is", () => {
  const fixture = join(fixtures, "clip-openai")
  beforeAll(() => loadBackend("cpu"))

  /** The fixture's words are fewer than any byte-pair vocabulary has. */
  const WORDS = 520
  const weightsOf = async (file: string): Promise<ReadonlyMap<string, StoredTensor>> => {
    const tensors = await readSafetensors(join(fixture, file))
    return new Map(
      [...tensors].map(([name, { shape, data }]) => {
        if (!name.endsWith("token_embedding.weight")) return [name, { dtype: "F32", shape, data }] as const
        const more = new Float32Array(WORDS * (shape[1] ?? 1))
        more.set(Float32Array.from(data, Number))
        return [name, { dtype: "F32", shape: [WORDS, shape[1] ?? 1], data: more }] as const
      }),
    )
  }
  const copyJson = async (from: string, to: string): Promise<void> => {
    const text = await readFile(join(fixture, from), "utf8")
    const words = text.replace('"vocab_size": 320', `"vocab_size": ${WORDS}`)
    await writeFile(to, words.replace("{", '{ "dtype": "float16",'))
  }

  /** A folder of the fixture's model in the layout of its publisher. */
  const origin = async (layout: string): Promise<string> => {
    const folder = join(work, layout)
    await mkdir(folder, { recursive: true })
    await writeVocabulary(folder, learnBpe(["a red star", "a red arrow"], WORDS))
    const hf = await weightsOf("huggingface.safetensors")
    const oc = await weightsOf("open_clip.safetensors")
    if (layout.startsWith("hugging-face")) {
      await copyJson("huggingface_config.json", join(folder, "config.json"))
      if (layout.endsWith("bin"))
        await writeTorch(
          join(folder, "pytorch_model.bin"),
          toStore(hf, (name) => name, "F16"),
        )
      else
        await writeSafetensors(
          join(folder, "model.safetensors"),
          toStore(hf, (name) => name),
        )
    } else {
      await copyJson("config.json", join(folder, "open_clip_config.json"))
      await writeTorch(
        join(folder, "open_clip_pytorch_model.bin"),
        toStore(oc, (name) => name, "F16"),
      )
    }
    return folder
  }

  it.each([
    ["hugging-face", "model.safetensors", "safetensors"],
    ["hugging-face-bin", "pytorch_model.bin", "torch"],
    ["open-clip-bin", "open_clip_pytorch_model.bin", "torch"],
  ])("keeps names and configuration of %s", async (layout, weights, format) => {
    const from = await origin(layout)
    const to = join(work, `${layout}-tuned`)
    const model = await loadClip(from)
    const changed = Parameters.of(
      new Map(model.parameters.entries().map(([name, tensor]) => [name, tf.add(tensor, 0.5)])),
    )
    await saveLike(from, to, changed)
    await using before = await openCheckpoint(join(from, weights))
    await using after = await openCheckpoint(join(to, weights))
    expect(after.format).toBe(format)
    expect([...after.names()].sort()).toEqual([...before.names()].sort())
    for (const name of before.names()) {
      expect(after.entry(name)).toMatchObject({ dtype: "F32", shape: before.entry(name).shape })
      const [old, now] = [await before.read(name), await after.read(name)]
      expect(Number(now.data[0])).toBeCloseTo(Number(old.data[0]) + 0.5, 2)
    }
    const again = await loadClip(to)
    expect(again.config).toEqual(model.config)
    if (layout.startsWith("hugging-face")) {
      const written = await readFile(join(to, "config.json"), "utf8")
      const half = await readFile(join(from, "config.json"), "utf8")
      expect(half).toContain('"dtype": "float16"')
      expect(written).toBe(half.replaceAll('"float16"', '"float32"'))
    }
    expect(again.config.vision).toMatchObject({ width: 64, layers: 3, head_width: 32, patch_size: 8 })
    for (const part of [model, again, changed]) part.dispose()
  })

  it("is refused with the missing tensor's names in both namings, and with what it is instead", async () => {
    const folder = await origin("hugging-face")
    const file = join(folder, "model.safetensors")
    const tensors = await weightsOf("huggingface.safetensors")
    const without = async (pattern: RegExp): Promise<void> => {
      const kept = new Map([...tensors].filter(([name]) => !pattern.test(name)))
      await writeSafetensors(
        file,
        toStore(kept, (name) => name),
      )
    }
    await without(/^visual_projection/)
    await expect(loadClip(folder)).rejects.toThrow(
      /do not fit the configuration: missing: visual\.proj \(visual_projection\.weight\)$/,
    )
    await without(/^text_/)
    await expect(loadClip(folder)).rejects.toThrow(/for they are the image tower of a CLIP alone: missing: /)
    await without(/^(vision_|visual_)/)
    await expect(loadClip(folder)).rejects.toThrow(/it holds no CLIP, but a text tower of transformers alone/)
    await without(/layers\.2\./)
    await expect(loadClip(folder)).rejects.toMatchObject({
      hint: expect.stringContaining("3 layers in visual.transformer.resblocks, the weights 2"),
    })
  })

  it("has its configuration in the shapes of OpenAI's weights", async () => {
    const folder = join(work, "openai")
    await mkdir(folder)
    await writeVocabulary(folder, learnBpe(["a red star", "a red arrow"], WORDS))
    const config: ClipConfig = {
      embed_dim: 24,
      quick_gelu: true,
      vision: { image_size: 32, layers: 2, width: 128, head_width: 64, patch_size: 8 },
      text: { context_length: 77, vocab_size: WORDS, width: 64, heads: 1, layers: 3 },
    }
    const parameters = initialiseClip(config, 1)
    await writeTorch(join(folder, "ViT.pt"), parametersToStore(parameters, "F16"))
    const model = await loadClip(folder)
    expect(model.config).toEqual(config)
    for (const part of [model, parameters]) part.dispose()
    await writeFile(join(folder, "config.json"), '{ "model_type": "bert" }')
    await expect(loadClip(folder)).rejects.toThrow(/model_type is "bert", not clip or siglip/)
  })
})
