import { join } from "node:path"
import { permanent, StageFailure } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import { CONDITION_FILE, type Condition, readCondition, readProjector } from "../../condition/index.ts"
import { type ClipModel, loadClip } from "../../models/clip/index.ts"
import { type DiffusionModel, loadDiffusion, promptStates } from "../../models/diffusion/index.ts"
import { Parameters } from "../../tensor/index.ts"
import { TrainableParameters } from "../trainable-parameters.ts"
import type { DivaModel } from "./noise-loss.ts"

/** The constant text of the method: its class name is the empty string. */
const PROMPT = "a photo of a ."

/** A conditioned model in memory, ready to be trained. */
export interface TrainingModel {
  readonly folder: string
  readonly condition: Condition
  readonly clip: ClipModel
  readonly trainable: TrainableParameters
  readonly model: DivaModel
  readonly dispose: () => void
}

/**
 * Loads a conditioned model. The backend must be loaded before.
 *
 * @throws StageFailure (permanent) when a part is missing or damaged, or the parts don't fit each other
 */
export const loadTrainingModel = async (folder: string): Promise<TrainingModel> => {
  const condition = await readCondition(join(folder, CONDITION_FILE))
  const held: Array<{ readonly dispose: () => void }> = []
  const dispose = () => {
    for (const one of held) one.dispose()
  }
  const hold = <A extends { readonly dispose: () => void }>(one: A): A => {
    held.push(one)
    return one
  }
  try {
    const clip = hold(await loadClip(join(folder, "clip")))
    const diffusion = hold(await loadDiffusion(join(folder, "diffusion")))
    const projector = hold(await readProjector(folder, condition.dimensions))
    const trainable = hold(TrainableParameters.from(trainedOf(clip, projector)))
    const text = hold(textStates(diffusion))
    checkSizes(condition, text, diffusion)
    const { unet, vae, schedule } = diffusion
    const trained = trainable.parameters()
    const model: DivaModel = { condition, clip: clip.config, trained, unet, vae, schedule, text }
    return { folder, condition, clip, trainable, model, dispose }
  } catch (error) {
    dispose()
    if (error instanceof StageFailure) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw permanent(`the conditioned model cannot be read: ${why}`, { file: folder })
  }
}

/** What the method trains: CLIP's image tower and the new layer. */
const trainedOf = (clip: ClipModel, projector: Parameters): Parameters => {
  const visual = clip.parameters.entries().filter(([name]) => name.startsWith("visual."))
  const layer = projector.entries().map(([name, tensor]) => [`visual_proj.${name}`, tensor] as const)
  return Parameters.of(new Map([...visual, ...layer]))
}

/** The text's hidden states, [1, textTokens, contextWidth]: constant, so computed once. */
const textStates = ({ tokenizer, textEncoder }: DiffusionModel): tf.Tensor3D =>
  tf.tidy(() => {
    const [ids = new Int32Array()] = tokenizer.encode([PROMPT])
    const states = promptStates(textEncoder, tf.tensor2d(ids, [1, ids.length], "int32"))
    return tf.reshape<tf.Rank.R3>(states, [1, ids.length, -1])
  })

const checkSizes = ({ dimensions }: Condition, text: tf.Tensor3D, { unet }: DiffusionModel): void => {
  const found = `${text.shape[1]} text tokens and a context ${unet.config.crossAttentionDim} wide`
  const expected = `${dimensions["text-tokens"]} text tokens and a context ${dimensions["context-width"]} wide`
  if (found === expected) return
  throw permanent(`the diffusion model has ${found}, but its ${CONDITION_FILE} says ${expected}`, {
    hint: "make the model again with condition/inject",
  })
}
