/** What turns the crop's normalisation back for the generative view. */
export type GenerativeNormalisation = "original" | "corrected"

/** How the draws of a micro-batch count. */
export type DrawWeights = "original" | "equal"

/** How the predicted noise is compared. */
export type NoiseLoss = "mse" | "l1"

/** The recipe of one training, in the field's words. */
export interface DivaOptions {
  /** Optimiser steps on everything that is trained. */
  readonly steps: number
  /** Images of a micro-batch. */
  readonly batch: number
  /** How many of them are computed at once; a matter of memory alone. */
  readonly imagesAtOnce: number
  /** Micro-batches of a step. */
  readonly accumulation: number
  /** Timesteps, noises and patch choices for each micro-batch. */
  readonly draws: number
  readonly drawWeights: DrawWeights
  /** The highest learning rate. */
  readonly learningRate: number
  /** The share of the steps in which the learning rate rises from 0. */
  readonly warmupRatio: number
  readonly momentum: number
  readonly maxGradientNorm: number
  readonly loss: NoiseLoss
  readonly generativeNormalisation: GenerativeNormalisation
  /** Least and greatest share of an image's area that a crop takes. */
  readonly cropScale: readonly [least: number, greatest: number]
  /** Least and greatest width divided by height of a crop. */
  readonly cropRatio: readonly [least: number, greatest: number]
  /** Images among which the next one is drawn. */
  readonly shuffleBuffer: number
  /** Steps before all others in which visual_proj alone is trained; the original has none. */
  readonly projectorWarmup: number
  /** The learning rate of those steps. */
  readonly projectorLearningRate: number
  readonly seed: number
  /** Steps from checkpoint to checkpoint. */
  readonly checkpointEvery: number
}
