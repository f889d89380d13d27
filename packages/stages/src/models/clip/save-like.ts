import { constants, copyFile, mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import {
  type CheckpointFile,
  openCheckpoint,
  type TensorToStore,
  writeSafetensors,
  writeTorch,
} from "../../formats/index.ts"
import { type Parameters, parametersToStore } from "../../tensor/index.ts"
import { findCompanions, findWeightsFile, HF_CONFIG_FILE } from "./clip-folder.ts"
import { convertRows, type NamedTensors } from "./convert-rows.ts"
import { type Correspondence, correspondencesOf, type FoundNaming } from "./key-names.ts"
import { withOpenClipNames } from "./named-checkpoint.ts"

/**
 * Writes a tuned model as its origin is: the same file format, key names and configuration, so that whatever opened the
 * origin opens it. Parameters are written in single precision, for half would round away most of what training changes; the
 * number type that transformers' configuration names follows.
 * Wrappings of training code are left away, shards become one file, and a TorchScript archive becomes a state dict of
 * the same name.
 *
 * @param origin the folder that the model was loaded from
 */
export const saveLike = async (origin: string, folder: string, parameters: Parameters): Promise<void> => {
  const weightsFile = await findWeightsFile(origin)
  if (weightsFile === undefined) throw new Error(`${origin} holds no weights of a CLIP`)
  await mkdir(folder, { recursive: true })
  await using original = await openCheckpoint(join(origin, weightsFile))
  const tensors = tensorsLike(original, parameters)
  const target = join(folder, weightsFile.replace(/\.index\.json$/, ""))
  if (original.format === "safetensors" || target.endsWith(".safetensors"))
    await writeSafetensors(target, tensors, { ...original.metadata, format: "pt" })
  else await writeTorch(target, tensors)
  for (const name of await findCompanions(origin)) {
    if (name === HF_CONFIG_FILE)
      await writeFile(join(folder, name), await singlePrecision(join(origin, name)))
    else await copyFile(join(origin, name), join(folder, name), constants.COPYFILE_FICLONE)
  }
}

/** transformers would round the weights again to the number type that its configuration names. */
const singlePrecision = async (config: string): Promise<string> =>
  (await readFile(config, "utf8")).replace(
    /("(?:torch_)?dtype"\s*:\s*)"(?:b?float16|half)"/g,
    (_, name: string) => `${name}"float32"`,
  )

/** Every library makes the mask anew, and open_clip refuses to read one. */
const COMPUTED = /(^|\.)attn_mask$/

const tensorsLike = (original: CheckpointFile, parameters: Parameters): ReadonlyArray<TensorToStore> => {
  const found = withOpenClipNames(original)
  const tuned = new Map(parametersToStore(parameters, "F32").map((tensor) => [tensor.name, tensor]))
  const source: NamedTensors = {
    has: (name) => tuned.has(name),
    shape: (name) => tuned.get(name)?.shape ?? [],
    read: async (name) => (await tuned.get(name)?.read()) ?? new Float32Array(),
  }
  const names = original
    .names()
    .filter((name) => name.startsWith(found.prefix) && !COMPUTED.test(name))
    .map((name) => name.slice(found.prefix.length))
  const groups = groupsOf(found, names)
  return names.flatMap((name): ReadonlyArray<TensorToStore> => {
    const group = groups.get(name)
    const converted = group === undefined ? undefined : convertRows(name, found.naming, group, source)
    const made = converted ?? tuned.get(name)
    if (made === undefined) return kept(original, found.prefix, name)
    const shape = original.entry(found.prefix + name).shape
    const read = async () => floats(await made.read())
    return [{ name, dtype: "F32", shape, read }]
  })
}

/** By Hugging Face's names; open_clip's are the parameters' own. */
const groupsOf = (
  { naming }: FoundNaming,
  names: ReadonlyArray<string>,
): ReadonlyMap<string, Correspondence> =>
  naming === "open_clip"
    ? new Map()
    : new Map(
        correspondencesOf(names).flatMap((group) =>
          group.huggingFace.map(([name]) => [name, group] as const),
        ),
      )

const floats = (values: Float32Array | Int32Array): Float32Array =>
  values instanceof Float32Array ? values : Float32Array.from(values)

/** What is no parameter, such as counts and positions, as it was. */
const kept = (original: CheckpointFile, prefix: string, name: string): ReadonlyArray<TensorToStore> => {
  const { dtype, shape } = original.entry(prefix + name)
  const data = async () => (await original.read(prefix + name)).data
  if (dtype === "F32" || dtype === "F16" || dtype === "BF16")
    return [{ name, dtype, shape, read: async () => Float32Array.from(await data(), Number) }]
  if (dtype === "I64" || dtype === "I32")
    return [{ name, dtype, shape, read: async () => Int32Array.from(await data(), Number) }]
  return []
}
