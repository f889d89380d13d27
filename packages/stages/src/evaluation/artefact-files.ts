import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import type { Static, TSchema } from "typebox"
import { Value } from "typebox/value"
import { readSafetensors, type StoredTensor, type TensorToStore } from "../formats/index.ts"
import type { Features } from "./features.ts"

/**
 * Reads a JSON file of an artefact.
 *
 * @throws StageFailure when it is missing, or not what the schema says
 */
export const readArtefactJson = async <const Schema extends TSchema>(
  file: string,
  schema: Schema,
): Promise<Static<Schema>> => {
  const value = parse(await readFile(file, "utf8").catch(() => undefined), file)
  if (Value.Check(schema, value)) return value
  const [error] = Value.Errors(schema, value)
  throw unusable(file, `${error?.instancePath || "it"} ${error?.message ?? "is not as expected"}`)
}

const parse = (text: string | undefined, file: string): unknown => {
  if (text === undefined) throw unusable(file, "it is missing")
  try {
    return JSON.parse(text)
  } catch {
    throw unusable(file, "it is not JSON")
  }
}

/** Says what is wrong with a file of an artefact. */
export const unusable = (file: string, why: string) =>
  permanent(`these features can't be used: ${why}`, {
    file,
    hint: "give the output of evaluate/image-features or evaluate/text-features",
  })

/** The tensors of an artefact, by name. */
export const readTensors = async (folder: string, name: string): Promise<ReadonlyMap<string, StoredTensor>> =>
  readSafetensors(join(folder, name)).catch((cause: unknown) => {
    throw unusable(join(folder, name), cause instanceof Error ? cause.message : String(cause))
  })

/** A tensor of floats of a shape that is known; −1 is any size. */
export const floatsOf = (
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  shape: ReadonlyArray<number>,
  file: string,
): { readonly values: Float32Array; readonly shape: ReadonlyArray<number> } => {
  const tensor = tensors.get(name)
  const fits =
    tensor?.shape.length === shape.length &&
    shape.every((size, axis) => size === -1 || size === tensor.shape[axis])
  if (tensor === undefined || !fits || !(tensor.data instanceof Float32Array))
    throw unusable(
      file,
      `it has no tensor "${name}" of floats, [${shape.join(", ").replaceAll("-1", "any")}]`,
    )
  return { values: tensor.data, shape: tensor.shape }
}

/** Sets of rows as one tensor, `[sets, count, width]`. */
export const stackedTensor = (name: string, sets: ReadonlyArray<Features>): TensorToStore => {
  const { count = 0, width = 0 } = sets[0] ?? {}
  return {
    name,
    dtype: "F32",
    shape: [sets.length, count, width],
    read: () => {
      const values = new Float32Array(sets.length * count * width)
      sets.forEach((set, index) => {
        values.set(set.values, index * count * width)
      })
      return values
    },
  }
}

/** Whole numbers as a tensor. */
export const integerTensor = (
  name: string,
  shape: ReadonlyArray<number>,
  values: Int32Array,
): TensorToStore => ({ name, dtype: "I32", shape, read: () => values })

/** Floats as a tensor. */
export const floatTensor = (
  name: string,
  shape: ReadonlyArray<number>,
  values: Float32Array,
): TensorToStore => ({ name, dtype: "F32", shape, read: () => values })
