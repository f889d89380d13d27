import { join } from "node:path"
import { permanent, StageFailure } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import { CONDITION_FILE, type Condition, readCondition, readProjector } from "../../condition/index.ts"
import { type ClipModel, loadClip } from "../../models/clip/index.ts"
import { type DiffusionModel, loadDiffusion } from "../../models/diffusion/index.ts"
import { freeze } from "../../tensor/index.ts"
import type { DivaModel } from "./noise-loss.ts"
import type { DivaOptions } from "./options.ts"
import { type TextCondition, textCondition } from "./text-condition.ts"
import { type TrainedModel, trainedModel } from "./trained-model.ts"
import type { ChannelStatistics } from "./views.ts"

/** A conditioned model in memory, ready to be trained. */
export interface TrainingModel extends TrainedModel {
  readonly folder: string
  readonly condition: Condition
  readonly clip: ClipModel
  readonly model: DivaModel
  /** What the discriminative view is normalised with, where that isn't CLIP's mean and deviation. */
  readonly statistics: ChannelStatistics | undefined
  readonly dispose: () => void
}

/** What of the recipe decides how a model is loaded. */
export type LoadOptions = Pick<
  DivaOptions,
  "parts" | "lowRank" | "seed" | "prompt" | "classNames" | "discriminativeNormalisation"
>

/**
 * Loads a conditioned model. The backend must be loaded before.
 *
 * @throws StageFailure (permanent) when a part is missing or damaged, the parts don't fit each other, or what is to be
 *   trained does not exist
 */
export const loadTrainingModel = async (folder: string, options: LoadOptions): Promise<TrainingModel> => {
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
    const start = { clip: clip.parameters, projector, denoiser: diffusion.unet.parameters }
    const trained = trainedModel(start, options)
    // What is trained is variables of its own, or made of the weights that are loaded: no gradient is taken to these.
    for (const part of Object.values(start)) freeze(part.entries().map(([, weight]) => weight))
    hold(trained.trainable)
    const text = textCondition(diffusion, clip, options)
    held.push({ dispose: () => tf.dispose([text.states, ...(text.classifier ? [text.classifier] : [])]) })
    checkSizes(condition, text, diffusion)
    const { unet, vae, schedule } = diffusion
    const { weights } = trained
    const model: DivaModel = { condition, clip: clip.config, weights, unet: unet.config, vae, schedule, text }
    const statistics = options.discriminativeNormalisation === "model" ? clip.preprocess : undefined
    return { folder, condition, clip, model, statistics, ...trained, dispose }
  } catch (error) {
    dispose()
    if (error instanceof StageFailure) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw permanent(`the conditioned model cannot be trained: ${why}`, { file: folder })
  }
}

const checkSizes = ({ dimensions }: Condition, { states }: TextCondition, { unet }: DiffusionModel): void => {
  const found = `${states.shape[1]} text tokens and a context ${unet.config.crossAttentionDim} wide`
  const expected = `${dimensions["text-tokens"]} text tokens and a context ${dimensions["context-width"]} wide`
  if (found === expected) return
  throw permanent(`the diffusion model has ${found}, but its ${CONDITION_FILE} says ${expected}`, {
    hint: "make the model again with condition/inject",
  })
}
