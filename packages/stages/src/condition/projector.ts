import { join } from "node:path"
import { writeSafetensors } from "../formats/index.ts"
import { RandomStream } from "../randomness/index.ts"
import { type Parameters, readParameters } from "../tensor/index.ts"
import type { ConditionDimensions } from "./designs/index.ts"

/** The file of a model folder that holds visual_proj: `weight` [out, in] and `bias` [out]. */
export const PROJECTOR_FILE = "visual_proj.safetensors"

/** Numbers of the linear layer between CLIP's tokens and the diffusion model's condition. */
export interface Projector {
  /** [contextWidth, tokenWidth] */
  readonly weight: Float32Array
  /** [contextWidth] */
  readonly bias: Float32Array
}

/** A new layer as PyTorch starts one: weight and bias uniform in ±1/√(inputs). */
export const initialProjector = (
  { "token-width": inputs, "context-width": outputs }: ConditionDimensions,
  seed: number,
): Projector => {
  const bound = 1 / Math.sqrt(inputs)
  const uniform = (part: string, count: number) => {
    const stream = RandomStream.named(seed, "condition/inject", "visual_proj", part)
    return Float32Array.from({ length: count }, () => (2 * stream.uniform() - 1) * bound)
  }
  return { weight: uniform("weight", outputs * inputs), bias: uniform("bias", outputs) }
}

/** Writes the layer into a model folder. */
export const writeProjector = async (
  folder: string,
  { weight, bias }: Projector,
  { "token-width": inputs, "context-width": outputs }: ConditionDimensions,
): Promise<void> => {
  await writeSafetensors(join(folder, PROJECTOR_FILE), [
    { name: "weight", dtype: "F32", shape: [outputs, inputs], read: async () => weight },
    { name: "bias", dtype: "F32", shape: [outputs], read: async () => bias },
  ])
}

/** Reads the layer of a model folder, checking its sizes. The backend must be loaded before. */
export const readProjector = async (
  folder: string,
  { "token-width": inputs, "context-width": outputs }: ConditionDimensions,
): Promise<Parameters> => {
  const parameters = await readParameters(join(folder, PROJECTOR_FILE))
  const shapes = parameters.entries().map(([name, tensor]) => `${name} [${tensor.shape}]`)
  const expected = [`bias [${outputs}]`, `weight [${outputs},${inputs}]`]
  if (shapes.join() === expected.join()) return parameters
  parameters.dispose()
  throw new Error(
    `${PROJECTOR_FILE} holds ${shapes.join(", ")}, but condition.json asks for ${expected.join(", ")}`,
  )
}
