import { execFile } from "node:child_process"
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readSafetensors, writeSafetensors, writeTorch } from "../../formats/index.ts"
import { loadBackend, Parameters, readParameters } from "../../tensor/index.ts"
import { imageFeatures, readClipConfig, saveLike, textFeatures } from "./index.ts"

const fixture = join(import.meta.dirname, "../../../../../test/fixtures/clip-openai")
const script = join(import.meta.dirname, "../../../../../test/reference/open_tuned.py")
/** A Python that has torch, open_clip_torch, transformers and safetensors. */
const python = process.env.DIVA_REFERENCE_PYTHON ?? "python3"
const run = promisify(execFile)

const isInstalled = await run(python, ["-c", "import torch, open_clip, transformers, safetensors"]).then(
  () => true,
  () => false,
)
const title = isInstalled
  ? "a tuned CLIP opens in Python"
  : "a tuned CLIP opens in Python (skipped: torch, open_clip_torch, transformers and safetensors are not installed for DIVA_REFERENCE_PYTHON or python3)"

describe.skipIf(!isInstalled)(title, () => {
  let work: string
  let tuned: Parameters
  beforeAll(async () => {
    await loadBackend("cpu")
    work = await mkdtemp(join(tmpdir(), "clip-reference-"))
    const original = await readParameters(join(fixture, "open_clip.safetensors"))
    tuned = Parameters.of(
      new Map(
        original.entries().map(([name, tensor]) => [name, tf.mul(tensor, name === "logit_scale" ? 1 : 1.01)]),
      ),
    )
    original.dispose()
    const expected = await readSafetensors(join(fixture, "expected.safetensors"))
    const [image, ids] = [expected.get("image"), expected.get("text_ids")]
    await writeSafetensors(join(work, "pixels.safetensors"), [
      {
        name: "pixels",
        dtype: "F32",
        shape: image?.shape ?? [],
        read: () => Float32Array.from(image?.data ?? [], Number),
      },
      {
        name: "text_ids",
        dtype: "I64",
        shape: ids?.shape ?? [],
        read: () => Int32Array.from(ids?.data ?? [], Number),
      },
    ])
  })
  afterAll(async () => {
    tuned.dispose()
    await rm(work, { recursive: true })
  })

  /** The origin's folder: its weights file and where they come from, its configuration and where that comes from. */
  const origins = {
    "transformers-safetensors": ["hugging-face", "model.safetensors", "huggingface", "config.json"],
    "transformers-bin": ["hugging-face", "pytorch_model.bin", "huggingface", "config.json"],
    "open_clip-safetensors": [
      "open_clip",
      "open_clip_model.safetensors",
      "open_clip",
      "open_clip_config.json",
    ],
    "open_clip-bin": ["open_clip", "open_clip_pytorch_model.bin", "open_clip", "open_clip_config.json"],
  } as const

  it.each(Object.entries(origins))(
    "as %s, and gives our features",
    async (name, [kind, weights, source, config]) => {
      const from = join(work, `${name}-origin`)
      await mkdir(from)
      const file = join(fixture, `${source}.safetensors`)
      if (weights.endsWith(".bin")) {
        const stored = [...(await readSafetensors(file))]
        await writeTorch(
          join(from, weights),
          stored.map(([key, { shape, data }]) => ({
            name: key,
            dtype: "F32",
            shape,
            read: () => Float32Array.from(data, Number),
          })),
        )
      } else await copyFile(file, join(from, weights))
      await copyFile(
        join(fixture, kind === "hugging-face" ? "huggingface_config.json" : "config.json"),
        join(from, config),
      )
      await saveLike(from, join(work, name), tuned)
      // `open_clip_config.json` as open_clip's own constructor takes it.
      if (kind === "open_clip") await writeModelConfig(join(work, name))
      await run(python, [script, kind, join(work, name)], { env: { ...process.env, HF_HUB_OFFLINE: "1" } })
      const theirs = await readSafetensors(join(work, `features-${name}.safetensors`))
      const { config: model } = await readClipConfig(from)
      const inputs = await readParameters(join(work, "pixels.safetensors"))
      // readParameters turns the axes of every tensor of four axes as it does those of kernels.
      const pixels = tf.transpose(inputs.at("pixels"), [3, 0, 1, 2])
      const ours = [
        ["image", imageFeatures(model, tuned, pixels)],
        ["text", textFeatures(model, tuned, inputs.at("text_ids"))],
      ] as const
      for (const [key, features] of ours) {
        const [mine, other] = [features.dataSync(), theirs.get(key)?.data ?? []]
        expect(mine.length).toBe(other.length)
        for (const [index, value] of mine.entries())
          expect(Math.abs(value - Number(other[index]))).toBeLessThan(1e-3)
        features.dispose()
      }
      tf.dispose([pixels])
      inputs.dispose()
    },
    120_000,
  )
})

/** The fixtures say `vision` and `text` where open_clip says `vision_cfg` and `text_cfg`. */
const writeModelConfig = async (folder: string): Promise<void> => {
  const file = join(folder, "open_clip_config.json")
  const { embed_dim, quick_gelu, vision, text } = JSON.parse(await readFile(file, "utf8"))
  await writeFile(
    file,
    JSON.stringify({ model_cfg: { embed_dim, quick_gelu, vision_cfg: vision, text_cfg: text } }),
  )
}
