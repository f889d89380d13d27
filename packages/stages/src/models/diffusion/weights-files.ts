import { readdir, readFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { shardNames } from "../../formats/index.ts"

/** What a library calls the weights of a folder: before `.safetensors`, and before `.bin`. */
export interface WeightsNames {
  readonly safetensors: string
  readonly bin: string
}

export const DIFFUSERS_NAMES: WeightsNames = {
  safetensors: "diffusion_pytorch_model",
  bin: "diffusion_pytorch_model",
}
export const TRANSFORMERS_NAMES: WeightsNames = { safetensors: "model", bin: "pytorch_model" }

/** Of half precision: read where full precision is missing. */
const VARIANTS = ["fp16", "bf16"]

/** Names that diffusers and transformers read weights from, whole or by an index of shards; the most precise first. */
const candidates = ({ safetensors, bin }: WeightsNames): ReadonlyArray<string> =>
  ["", ...VARIANTS].flatMap((variant) =>
    [`${safetensors}|.safetensors`, `${bin}|.bin`].flatMap((name) => {
      const [base = "", extension = ""] = name.split("|")
      if (variant === "") return [base + extension, `${base}${extension}.index.json`]
      return [
        `${base}.${variant}${extension}`,
        `${base}${extension}.index.${variant}.json`,
        // Before diffusers 0.32.
        `${base}${extension}.${variant}.index.json`,
      ]
    }),
  )

/**
 * The file that a folder's weights are read from.
 *
 * @throws StageFailure (permanent) when there is none
 */
export const findWeights = async (folder: string, names: WeightsNames): Promise<string> => {
  const present: ReadonlyArray<string> = await readdir(folder).catch(() => [])
  const known = candidates(names)
  const found = known.find((name) => present.includes(name))
  if (found !== undefined) return join(folder, found)
  const others = present.filter((name) => /\.(safetensors|bin|ckpt|msgpack|onnx|pt|pth)$/.test(name))
  const there = others.length === 0 ? "there are none" : `there is ${others.slice(0, 4).join(", ")}`
  throw permanent(`the diffusion model cannot be read: it has no weights that this project reads, ${there}`, {
    file: folder,
    hint: `weights are named ${known[0]} or ${names.bin}.bin, or have an index, as diffusers saves them`,
  })
}

/**
 * The weights of one of a diffusion model's folders by their names in it: one file, or an index and the shards that it
 * names.
 *
 * @param part `unet`, `vae` or `text_encoder`
 * @throws StageFailure (permanent) when there are none
 */
export const diffusionWeights = async (
  model: string,
  part: "unet" | "vae" | "text_encoder",
): Promise<ReadonlyArray<string>> => {
  const folder = join(model, part)
  const names = part === "text_encoder" ? TRANSFORMERS_NAMES : DIFFUSERS_NAMES
  const file = basename(await findWeights(folder, names))
  if (!file.endsWith(".json")) return [file]
  return [file, ...shardNames(await readFile(join(folder, file), "utf8"))]
}
