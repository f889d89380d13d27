import type { ScheduleShape } from "../learning-rate.ts"
import type { LowRankOptions } from "../low-rank.ts"

/** What turns the crop's normalisation back for the generative view. */
export type GenerativeNormalisation = "original" | "corrected"

/** What the discriminative view is normalised with: CLIP's mean and deviation whatever the model, or the model's own. */
export type DiscriminativeNormalisation = "original" | "model"

/** How the draws of a micro-batch count. */
export type DrawWeights = "original" | "equal"

/** How the predicted noise is compared. */
export type NoiseLoss = "mse" | "l1"

/** How a part's parameters are changed. */
export interface OptimiserOptions {
  readonly rule: "sgd" | "adamw"
  /** The highest learning rate. */
  readonly learningRate: number
  readonly weightDecay: number
  /** Of sgd. */
  readonly momentum: number
  /** Of adamw. */
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}

/** What is trained of a part, and how. */
export interface PartOptions {
  /** Patterns of the names of its parameters that are trained; none: the part is frozen. */
  readonly train: ReadonlyArray<string>
  readonly optimiser: OptimiserOptions
}

/** The parts of a conditioned model that may be trained. */
export const PART_NAMES = ["clip", "projector", "denoiser"] as const

export type PartName = (typeof PART_NAMES)[number]

/** Which crop of an image is used. */
export interface CropRule {
  /** Least and greatest share of an image's area that a crop takes. */
  readonly scale: readonly [least: number, greatest: number]
  /** Least and greatest width divided by height of a crop. */
  readonly ratio: readonly [least: number, greatest: number]
  /** `fixed`: the same crop of an image in every epoch and training with this seed; `each-epoch`: another each time. */
  readonly kind: "each-epoch" | "fixed"
  readonly seed: number
}

/** The recipe of one training, in the field's words: all that its result depends on beside model and images. */
export interface DivaOptions {
  /** Optimiser steps on everything that is trained. */
  readonly steps: number
  /** Images of a micro-batch. */
  readonly batch: number
  /** How many of them are computed at once; a matter of memory, and of the last digits of sums. */
  readonly imagesAtOnce: number
  /** Whether activations are computed a second time for the gradient instead of being kept; as well a matter of memory, and of the last digits. */
  readonly checkpoints: boolean
  /** Micro-batches of a step. */
  readonly accumulation: number
  /** Timesteps, noises and patch choices for each micro-batch. */
  readonly draws: number
  readonly drawWeights: DrawWeights
  readonly schedule: ScheduleShape
  /** Steps in which the learning rate rises from 0. */
  readonly warmup: number
  readonly parts: Readonly<Record<PartName, PartOptions>>
  /** Factors that are trained in place of matrices of CLIP's image tower. */
  readonly lowRank: LowRankOptions | undefined
  readonly maxGradientNorm: number
  /** The share of the moving average that is kept at each step; without it the last weights are the result. */
  readonly averageDecay: number | undefined
  readonly loss: NoiseLoss
  readonly generativeNormalisation: GenerativeNormalisation
  readonly discriminativeNormalisation: DiscriminativeNormalisation
  /** The constant text; `{}` stands for the class name. */
  readonly prompt: string
  /** Where there are several, each image's text is their mixture by CLIP's own probabilities. */
  readonly classNames: ReadonlyArray<string>
  readonly crops: CropRule
  /** Images among which the next one is drawn. */
  readonly shuffleBuffer: number
  /** Steps before all others in which the projector alone is trained; the original has none. */
  readonly projectorWarmup: number
  /** The learning rate of those steps. */
  readonly projectorLearningRate: number
  readonly seed: number
}

/** How a training is done, whatever its result. */
export interface WorkOptions {
  /** Host processes that share the images of each step. */
  readonly workers: number
  /** Graphics processors, of which each worker gets one. */
  readonly gpus: ReadonlyArray<number>
  /** Threads that decode and crop images. */
  readonly threads: number
  /** Steps from checkpoint to checkpoint. */
  readonly checkpointEvery: number
  /** How many of the latest checkpoints are kept. */
  readonly keepCheckpoints: number
  /** Steps whose multiples are checkpoints that are never removed; 0: none. */
  readonly milestoneEvery: number
  /** How many times its least value the mean loss of twenty steps may reach before the training is stopped. */
  readonly divergence: number
  /** Megabytes that tensors may take: decides how many images are computed at once, and whether activations are kept. */
  readonly memoryBudget?: number
}
