import type * as tf from "@tensorflow/tfjs-core"
import { Parameters } from "../../tensor/index.ts"
import { isLowRankFactor, lowRankFactors, withLowRank } from "../low-rank.ts"
import { matchesAny } from "../name-pattern.ts"
import { TrainableParameters } from "../trainable-parameters.ts"
import type { DivaOptions, PartName } from "./options.ts"

/** The weights that a loss is computed with. */
export interface Weights {
  /** Of CLIP, by open_clip's names. */
  readonly clip: Parameters
  /** `weight` and `bias` of the layer between CLIP's tokens and the diffusion model's condition. */
  readonly projector: Parameters
  /** Of the UNet, by diffusers' names. */
  readonly denoiser: Parameters
}

/** The names of trained parameters tell their parts: `visual.…`, `visual_proj.…`, `unet.…`. */
const PREFIX: Readonly<Record<PartName, string>> = {
  clip: "",
  projector: "visual_proj.",
  denoiser: "unet.",
}

/** The part that a trained parameter belongs to. */
export const partOf = (name: string): PartName => {
  if (name.startsWith(PREFIX.projector)) return "projector"
  return name.startsWith(PREFIX.denoiser) ? "denoiser" : "clip"
}

/** Which parameters are trained, and the weights that follow from them. */
export interface TrainedModel {
  /** By the names of their parts. The caller disposes of them. */
  readonly trainable: TrainableParameters
  /** The present weights; within a loss, gradients go through them to what is trained. */
  readonly weights: () => Weights
  /** The weights with the given values in place of those that are trained. */
  readonly weightsWith: (trained: Parameters) => Weights
}

type TrainingChoice = Pick<DivaOptions, "parts" | "lowRank" | "seed">

/**
 * Makes what the options name trainable, starting from the given weights, which stay the caller's.
 *
 * @throws Error when a pattern names nothing
 */
export const trainedModel = (start: Weights, options: TrainingChoice): TrainedModel => {
  const chosen = new Map<string, tf.Tensor>([
    ...chosenOf(visualOf(start.clip), "clip", options),
    ...chosenOf(start.projector, "projector", options),
    ...chosenOf(start.denoiser, "denoiser", options),
  ])
  const { lowRank, seed } = options
  const factors = lowRank === undefined ? undefined : lowRankFactors(visualOf(start.clip), lowRank, seed)
  for (const [name, value] of factors?.entries() ?? []) chosen.set(name, value)
  const trainable = TrainableParameters.from(Parameters.of(chosen))
  factors?.dispose()
  const weightsWith = (trained: Parameters): Weights => {
    const clip = replaced(start.clip, "clip", trained)
    return {
      clip: lowRank === undefined ? clip : withLowRank(clip, trained, lowRank),
      projector: replaced(start.projector, "projector", trained),
      denoiser: replaced(start.denoiser, "denoiser", trained),
    }
  }
  return { trainable, weightsWith, weights: () => weightsWith(trainable.parameters()) }
}

const visualOf = (clip: Parameters): Parameters =>
  Parameters.of(new Map(clip.entries().filter(([name]) => name.startsWith("visual."))))

/** The parameters of a part that are trained, by their full names. */
const chosenOf = (
  parameters: Parameters,
  part: PartName,
  { parts }: TrainingChoice,
): ReadonlyArray<readonly [string, tf.Tensor]> => {
  const entries = parameters.entries().map(([name, value]) => [PREFIX[part] + name, value] as const)
  const { train } = parts[part]
  const nothing = train.find((pattern) => !entries.some(([name]) => matchesAny([pattern], name)))
  if (nothing !== undefined) {
    const example = entries.at(0)?.[0] ?? "none"
    throw new Error(`no parameter of ${part} matches "${nothing}"; their names are like ${example}`)
  }
  return entries.filter(([name]) => matchesAny(train, name))
}

const replaced = (start: Parameters, part: PartName, trained: Parameters): Parameters => {
  const values = new Map<string, tf.Tensor>(start.entries())
  for (const [name, value] of trained.entries())
    if (partOf(name) === part && !isLowRankFactor(name)) values.set(name.slice(PREFIX[part].length), value)
  return Parameters.of(values)
}
