import { permanent, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** A whole number of at least 1. */
export const size = (description: string, initial: number, maximum = 100_000) =>
  Type.Integer({ description, default: initial, minimum: 1, maximum })

/** A number from 0 to 1. */
export const share = (description: string, initial: number) =>
  Type.Number({ description, default: initial, minimum: 0, maximum: 1 })

/** What captions stages read, and how. */
export const captionInputs = (caption: string) => ({
  caption: Type.String({
    description: "Where captions are: `txt`, or a key of the samples' .json, with .txt for those without it",
    default: caption,
    minLength: 1,
  }),
  prefix: Type.String({ description: "What some captions are put after", default: "a photo of " }),
  "prefix-share": share("The share of captions that are", 0.5),
})

/** How long and how fast AdamW trains, and what is kept of it. */
export const optimisationInputs = (initial: {
  readonly steps: number
  readonly learningRate: number
  readonly warmup: number
  readonly weightDecay: number
}) => ({
  steps: size("Optimiser steps", initial.steps, 10_000_000),
  "learning-rate": Type.Number({
    description: "The highest learning rate",
    default: initial.learningRate,
    exclusiveMinimum: 0,
  }),
  warmup: Type.Integer({
    description: "Steps in which the learning rate rises",
    default: initial.warmup,
    minimum: 0,
  }),
  "weight-decay": Type.Number({
    description: "AdamW's weight decay",
    default: initial.weightDecay,
    minimum: 0,
  }),
  "checkpoint-every": size("Steps from checkpoint to checkpoint", 100, 10_000_000),
  seed: Type.Integer({ description: "The seed of everything that is random", default: 42, minimum: 0 }),
  precision: Type.Union([Type.Literal("fp32"), Type.Literal("fp16")], {
    description: "How the weights are written",
    default: "fp32",
  }),
})

/** A training as an effect that fails with one clear message. */
export const pretrain = (what: string, train: () => Promise<void>): Effect.Effect<void, StageFailure> =>
  Effect.tryPromise({
    try: train,
    catch: (error) =>
      error instanceof StageFailure ? error : permanent(`the training of ${what} failed: ${String(error)}`),
  })
