import { copyFile } from "node:fs/promises"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { CONDITION_FILE, PROJECTOR_FILE } from "../../condition/index.ts"
import { saveLike } from "../../models/clip/index.ts"
import { Parameters, writeParameters } from "../../tensor/index.ts"
import type { TrainingModel } from "./load-model.ts"
import { partOf, type Weights } from "./trained-model.ts"

/** The file with what was trained of the UNet, beside the tuned CLIP. */
export const DENOISER_FILE = "denoiser.safetensors"

/**
 * Writes the tuned CLIP in the original's layout, factors merged into their matrices, with the condition beside it, and
 * what was trained of the denoiser.
 *
 * @param trained the values of what is trained
 * @param output an existing folder
 */
export const saveTuned = async (
  loaded: TrainingModel,
  trained: Parameters,
  output: string,
): Promise<void> => {
  const { weights, made } = mergedWeights(loaded, trained)
  try {
    await saveLike(join(loaded.folder, "clip"), output, weights.clip)
    await writeParameters(join(output, PROJECTOR_FILE), weights.projector, { dtype: "F32" })
    await copyFile(join(loaded.folder, CONDITION_FILE), join(output, CONDITION_FILE))
    const denoiser = trained.entries().filter(([name]) => partOf(name) === "denoiser")
    if (denoiser.length > 0)
      await writeParameters(join(output, DENOISER_FILE), Parameters.of(new Map(denoiser)), { dtype: "F32" })
  } finally {
    tf.dispose([...made])
  }
}

/** The weights, and those tensors of them that were made for it. */
const mergedWeights = ({ clip, weightsWith }: TrainingModel, trained: Parameters) => {
  const given = new Set([...clip.parameters.entries(), ...trained.entries()].map(([, tensor]) => tensor))
  const made: Array<tf.Tensor> = []
  const all: Array<Weights> = []
  tf.tidy(() => {
    const weights = weightsWith(trained)
    for (const [, tensor] of weights.clip.entries()) if (!given.has(tensor)) made.push(tf.keep(tensor))
    all.push(weights)
  })
  const [weights = weightsWith(trained)] = all
  return { weights, made }
}
