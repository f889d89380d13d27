import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import { Parameters, readParameters } from "../../tensor/index.ts"
import type { ParameterShapes } from "./parameter-shapes.ts"

/** Constants that some files hold beside the weights. */
const CONSTANTS = /(^|\.)position_ids$/

/** Runs a reader of the model's files; what it throws becomes a failure that names the file. */
export const reading = async <A>(file: string, read: () => Promise<A>): Promise<A> => {
  try {
    return await read()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw permanent(`the diffusion model cannot be read: ${why}`, {
      file,
      hint: "a diffusion model's folder holds unet, vae, text_encoder, tokenizer and scheduler, as diffusers saves them",
    })
  }
}

/** Reads and checks a JSON configuration. */
export const readConfiguration = <Config>(file: string, parse: (json: unknown) => Config): Promise<Config> =>
  reading(file, async () => parse(JSON.parse(await readFile(file, "utf8"))))

/**
 * Reads the weights of a folder and checks that they are those expected.
 *
 * @param base the file's name without extension
 * @param rename from names in the file to those expected
 */
export const readWeights = async (
  folder: string,
  base: string,
  shapes: ParameterShapes,
  rename: (name: string) => string = (name) => name,
): Promise<Parameters> => {
  const file = await weightsFile(folder, base)
  const stored = await reading(file, () => readParameters(file))
  const tensors = new Map<string, tf.Tensor>()
  for (const [name, tensor] of stored.entries()) {
    if (CONSTANTS.test(name)) tensor.dispose()
    else tensors.set(rename(name), tensor)
  }
  const wrong = difference(tensors, shapes)
  if (wrong === undefined) return Parameters.of(tensors)
  tf.dispose([...tensors.values()])
  throw permanent(`the weights do not fit the configuration: ${wrong}`, {
    file,
    hint: "config.json and the weights beside it must come from one model",
  })
}

/** The weights in single precision, or those that diffusers names a variant of half precision. */
const weightsFile = async (folder: string, base: string): Promise<string> => {
  const names = [`${base}.safetensors`, `${base}.fp16.safetensors`]
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found?.isFile()) return join(folder, name)
  }
  throw permanent(`the diffusion model cannot be read: there is neither ${names.join(" nor ")}`, {
    file: folder,
    hint: "weights in other formats have to be converted to safetensors first",
  })
}

/** The first respect in which tensors differ from what is expected, in words. */
const difference = (tensors: ReadonlyMap<string, tf.Tensor>, shapes: ParameterShapes): string | undefined => {
  for (const [name, shape] of shapes) {
    const found = tensors.get(name)?.shape
    if (found === undefined) return `${name} is missing`
    const stored = found.length === 4 ? [3, 2, 0, 1].map((axis) => found[axis]) : found
    if (stored.join() !== shape.join()) return `${name} is [${stored}], not [${shape}]`
  }
  for (const name of tensors.keys()) if (!shapes.has(name)) return `${name} has no place in the model`
  return undefined
}
