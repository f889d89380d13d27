import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type * as tf from "@tensorflow/tfjs-core"
import { type Static, Type } from "typebox"
import { Check } from "typebox/value"
import { Parameters, readParameters, writeParameters } from "../../tensor/index.ts"
import type { Optimiser } from "../optimiser.ts"
import type { TrainableParameters } from "../trainable-parameters.ts"
import { phaseName, stepRecord } from "./training-record.ts"

const natural = Type.Integer({ minimum: 0 })

const stateSchema = Type.Object({
  version: Type.Literal(1),
  /** What the training was asked to do; a checkpoint counts only for the same. */
  recipe: Type.String(),
  /** Steps done. */
  step: natural,
  phase: phaseName,
  position: Type.Object({ epoch: natural, taken: natural }),
  records: Type.Array(stepRecord),
})

/** How far a training is, but for its tensors. */
export type TrainingState = Static<typeof stateSchema>

const STATE_FILE = "state.json"
const WEIGHTS_FILE = "weights.safetensors"
const OPTIMISER_FILE = "optimiser.safetensors"

/** Writes how far a training is, and its optimiser's memory, into an existing folder. */
export const writeState = async (
  folder: string,
  state: TrainingState,
  optimiser: Optimiser,
): Promise<void> => {
  await writeTensors(join(folder, OPTIMISER_FILE), optimiser.state())
  await writeFile(join(folder, STATE_FILE), `${JSON.stringify(state)}\n`)
}

const writeTensors = (file: string, tensors: ReadonlyMap<string, tf.Tensor>): Promise<void> =>
  writeParameters(file, Parameters.of(tensors), { dtype: "F32" })

/**
 * Saves a training, replacing earlier checkpoints. A kill at any moment leaves the old checkpoint or the new one.
 *
 * @param folder of the task; it may hold earlier checkpoints
 */
export const saveCheckpoint = async (
  folder: string,
  state: TrainingState,
  trainable: TrainableParameters,
  optimiser: Optimiser,
): Promise<void> => {
  const name = checkpointName(state.step)
  const partial = join(folder, `${name}.partial`)
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  await writeParameters(join(partial, WEIGHTS_FILE), trainable.parameters(), { dtype: "F32" })
  await writeState(partial, state, optimiser)
  await rm(join(folder, name), { recursive: true, force: true })
  await rename(partial, join(folder, name))
  for (const other of await readdir(folder)) {
    if (other !== name && other.startsWith(PREFIX))
      await rm(join(folder, other), { recursive: true, force: true })
  }
}

const PREFIX = "step-"
const checkpointName = (step: number): string => `${PREFIX}${String(step).padStart(9, "0")}`

/** A checkpoint's content. The caller disposes of the tensors. */
export interface Checkpoint {
  readonly state: TrainingState
  readonly weights: Parameters
  readonly optimiser: Parameters
}

/**
 * The latest checkpoint of a training, where there is a sound one of the same recipe.
 *
 * @param onUnusable told why a checkpoint is passed over
 */
export const loadCheckpoint = async (
  folder: string,
  { recipe, trainable }: { readonly recipe: string; readonly trainable: TrainableParameters },
  onUnusable: (reason: string) => void,
): Promise<Checkpoint | undefined> => {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^step-\d{9}$/.test(name))
  for (const name of names.sort().reverse()) {
    try {
      return await readCheckpoint(join(folder, name), recipe, trainable)
    } catch (error) {
      onUnusable(
        `the checkpoint ${name} is not used: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
  return undefined
}

const readCheckpoint = async (
  folder: string,
  recipe: string,
  trainable: TrainableParameters,
): Promise<Checkpoint> => {
  const state: unknown = JSON.parse(await readFile(join(folder, STATE_FILE), "utf8"))
  if (!Check(stateSchema, state)) throw new Error(`${STATE_FILE} is damaged or of another version`)
  if (state.recipe !== recipe) throw new Error("it is of another training")
  const weights = await readParameters(join(folder, WEIGHTS_FILE))
  try {
    if (shapesOf(weights) !== shapesOf(trainable.parameters()))
      throw new Error("its weights are another model's")
    return { state, weights, optimiser: await readParameters(join(folder, OPTIMISER_FILE)) }
  } catch (error) {
    weights.dispose()
    throw error
  }
}

const shapesOf = (parameters: Parameters): string =>
  JSON.stringify(parameters.entries().map(([name, tensor]) => [name, tensor.shape]))
