import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readSafetensors, type TensorToStore, writeSafetensors, writeTorch } from "../../formats/index.ts"
import { loadBackend } from "../../tensor/index.ts"
import { loadAutoencoder, loadTextEncoder, loadUNet } from "./index.ts"

const fixture = join(import.meta.dirname, "../../../../../test/fixtures/sd")

let work: string
beforeAll(async () => {
  await loadBackend()
  work = await mkdtemp(join(tmpdir(), "diffusion-"))
})
afterAll(() => rm(work, { recursive: true }))

const LOADERS = { unet: loadUNet, vae: loadAutoencoder, text_encoder: loadTextEncoder } as const
type Part = keyof typeof LOADERS

const weightsOf = async (
  part: Part,
  rewrite: (name: string) => string | undefined = (name) => name,
): Promise<ReadonlyArray<TensorToStore>> => {
  const base = part === "text_encoder" ? "model" : "diffusion_pytorch_model"
  const tensors = await readSafetensors(join(fixture, part, `${base}.safetensors`))
  return [...tensors].flatMap(([key, { shape, data }]) => {
    const name = rewrite(key)
    const read = () => Float32Array.from(data, Number)
    return name === undefined ? [] : [{ name, dtype: "F32", shape, read } as const]
  })
}

/** A folder of the fixture's configuration, and of weights that `write` puts there. */
const folderOf = async (part: Part, write: (folder: string) => Promise<void>): Promise<string> => {
  const folder = await mkdtemp(join(work, `${part}-`))
  await cp(join(fixture, part, "config.json"), join(folder, "config.json"))
  await write(folder)
  return folder
}

const expectLoads = async (part: Part, folder: string): Promise<void> => {
  const before = tf.memory().numTensors
  const [ours, theirs] = [await LOADERS[part](folder), await LOADERS[part](join(fixture, part))]
  expect(ours.parameters.names()).toEqual(theirs.parameters.names())
  for (const [name, tensor] of theirs.parameters.entries())
    expect([...ours.parameters.at(name).dataSync()]).toEqual([...tensor.dataSync()])
  ours.parameters.dispose()
  theirs.parameters.dispose()
  expect(tf.memory().numTensors).toBe(before)
}

describe("a part of a diffusion model", () => {
  it.each<[Part, string]>([
    ["unet", "diffusion_pytorch_model.safetensors"],
    ["unet", "diffusion_pytorch_model.fp16.safetensors"],
    ["unet", "diffusion_pytorch_model.bin"],
    ["unet", "diffusion_pytorch_model.fp16.bin"],
    ["vae", "diffusion_pytorch_model.bf16.safetensors"],
    ["text_encoder", "model.safetensors"],
    ["text_encoder", "model.fp16.safetensors"],
    ["text_encoder", "pytorch_model.bin"],
    ["text_encoder", "pytorch_model.fp16.bin"],
  ])("%s is read from %s", async (part, file) => {
    const write = file.endsWith(".bin") ? writeTorch : writeSafetensors
    await expectLoads(
      part,
      await folderOf(part, async (folder) => write(join(folder, file), await weightsOf(part))),
    )
  })

  it.each<[string, string]>([
    ["diffusion_pytorch_model.safetensors.index.json", "diffusion_pytorch_model-0000%-of-00002.safetensors"],
    [
      "diffusion_pytorch_model.safetensors.index.fp16.json",
      "diffusion_pytorch_model.fp16-0000%-of-00002.safetensors",
    ],
    [
      "diffusion_pytorch_model.safetensors.fp16.index.json",
      "diffusion_pytorch_model-0000%-of-00002.fp16.safetensors",
    ],
  ])("is read by %s", async (index, shard) => {
    const folder = await folderOf("unet", async (target) => {
      const weights = await weightsOf("unet")
      const files = ["1", "2"].map((number) => shard.replace("%", number))
      const place = (at: number) => files[at % 2] ?? ""
      for (const [number, file] of files.entries())
        await writeSafetensors(
          join(target, file),
          weights.filter((_, at) => at % 2 === number),
        )
      const map = Object.fromEntries(weights.map(({ name }, at) => [name, place(at)]))
      await writeFile(join(target, index), JSON.stringify({ weight_map: map }))
    })
    await expectLoads("unet", folder)
  })

  it("is read in full precision where there are both", async () => {
    const folder = await folderOf("vae", async (target) => {
      await writeSafetensors(join(target, "diffusion_pytorch_model.safetensors"), await weightsOf("vae"))
      await writeFile(join(target, "diffusion_pytorch_model.fp16.safetensors"), "none")
    })
    await expectLoads("vae", folder)
  })

  it("may have the names of attention from before diffusers 0.15, and positions from before transformers 4.31", async () => {
    const old = (name: string) =>
      name
        .replace(".to_q.", ".query.")
        .replace(".to_k.", ".key.")
        .replace(".to_v.", ".value.")
        .replace(".to_out.0.", ".proj_attn.")
    const vae = await folderOf("vae", async (folder) =>
      writeTorch(join(folder, "diffusion_pytorch_model.bin"), await weightsOf("vae", old)),
    )
    await expectLoads("vae", vae)
    const positions = { name: "text_model.embeddings.position_ids", dtype: "I64", shape: [1, 2] } as const
    const text = await folderOf("text_encoder", async (folder) =>
      writeTorch(join(folder, "pytorch_model.bin"), [
        ...(await weightsOf("text_encoder", (name) => `text_model.${name.replace("text_model.", "")}`)),
        { ...positions, read: () => Int32Array.of(0, 1) },
      ]),
    )
    await expectLoads("text_encoder", text)
  })
})

describe("weights that do not fit", () => {
  const failing = async (part: Part, folder: string): Promise<{ message: string; hint?: string }> => {
    const before = tf.memory().numTensors
    const failure = await LOADERS[part](folder).then(
      () => new Error("it was loaded"),
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    )
    expect(tf.memory().numTensors).toBe(before)
    return failure
  }

  it("are refused with the names of all that is missing, unexpected or misshapen", async () => {
    const folder = await folderOf("unet", async (target) => {
      const weights = await weightsOf("unet", (name) =>
        name === "conv_in.bias" || name === "conv_out.bias"
          ? undefined
          : name.replace("conv_norm_out.bias", "extra"),
      )
      await writeSafetensors(join(target, "diffusion_pytorch_model.safetensors"), weights)
    })
    const { message } = await failing("unet", folder)
    expect(message).toMatch(/missing: conv_in\.bias, conv_norm_out\.bias, conv_out\.bias; unexpected: extra$/)
  })

  it("are told for what they are: an autoencoder, a UNet of Stable Diffusion XL", async () => {
    const swapped = await folderOf("unet", async (target) =>
      writeSafetensors(join(target, "diffusion_pytorch_model.safetensors"), await weightsOf("vae")),
    )
    expect((await failing("unet", swapped)).message).toContain("they are an autoencoder (AutoencoderKL)")
    const file = join(fixture, "unet/config.json")
    const config = JSON.parse(await readFile(file, "utf8"))
    const xl = await mkdtemp(join(work, "xl-"))
    await writeFile(join(xl, "config.json"), JSON.stringify({ ...config, addition_embed_type: "text_time" }))
    expect((await failing("unet", xl)).message).toContain("it is the UNet of Stable Diffusion XL")
  })

  it("are told from none at all, with what there is", async () => {
    const folder = await folderOf("unet", async (target) => {
      await mkdir(join(target, "sub"))
      await writeFile(join(target, "model.ckpt"), "")
    })
    expect((await failing("unet", folder)).message).toContain(
      "no weights that this project reads, there is model.ckpt",
    )
    await rename(join(folder, "model.ckpt"), join(folder, "sub/model.ckpt"))
    expect((await failing("unet", folder)).message).toContain("there are none")
  })
})
