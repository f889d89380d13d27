import { existsSync } from "node:fs"
import { mkdir, rename } from "node:fs/promises"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { Parameters, readParameters, writeParameters } from "../../tensor/index.ts"
import type { Optimiser, TrainableParameters } from "../index.ts"

/** Loss and gradient norm of the steps done. */
export interface Measured {
  readonly loss: number
  readonly gradientNorm: number
}

const STATE = "training-state.safetensors"

/** Number of the parts of a state in its file: the model's parameters, the optimiser's memory, what was measured. */
const PARAMETERS = "parameters"
const OPTIMISER = "optimiser"
const MEASURED = "measured"

/**
 * Keeps what a training needs to go on: one file, written beside the old one and put in its place, so that a kill at
 * any moment leaves a whole one.
 */
export const saveState = async (
  folder: string,
  trainable: TrainableParameters,
  optimiser: Optimiser,
  measured: ReadonlyArray<Measured>,
): Promise<void> => {
  await mkdir(folder, { recursive: true })
  const rows = tf.tensor2d(
    measured.flatMap(({ loss, gradientNorm }) => [loss, gradientNorm]),
    [measured.length, 2],
  )
  const tensors = new Map<string, tf.Tensor>([[MEASURED, rows]])
  for (const [name, tensor] of trainable.parameters().entries()) tensors.set(`${PARAMETERS}.${name}`, tensor)
  for (const [name, tensor] of optimiser.state()) tensors.set(`${OPTIMISER}.${name}`, tensor)
  const next = join(folder, `${STATE}.next`)
  await writeParameters(next, Parameters.of(tensors), { dtype: "F32" })
  rows.dispose()
  await rename(next, join(folder, STATE))
}

/**
 * Restores the state that `saveState` left in the folder.
 *
 * @returns what was measured up to there; nothing when there is no state
 */
export const restoreState = async (
  folder: string,
  trainable: TrainableParameters,
  optimiser: Optimiser,
): Promise<ReadonlyArray<Measured>> => {
  const file = join(folder, STATE)
  if (!existsSync(file)) return []
  const stored = await readParameters(file)
  for (const name of trainable.parameters().names())
    trainable.assign(name, stored.at(`${PARAMETERS}.${name}`))
  optimiser.restore(new Map(stored.within(OPTIMISER).entries()))
  const numbers = await stored.at(MEASURED).data<"float32">()
  stored.dispose()
  return Array.from({ length: numbers.length / 2 }, (_, step) => ({
    loss: numbers[2 * step] ?? 0,
    gradientNorm: numbers[2 * step + 1] ?? 0,
  }))
}
