import { artefact, defineStage, permanent, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { type Static, Type } from "typebox"
import type { DivaOptions } from "../training/diva/index.ts"

const count = (description: string, initial: number, minimum = 1) =>
  Type.Integer({ description, default: initial, minimum, maximum: 1_000_000_000 })
const positive = (description: string, initial: number) =>
  Type.Number({ description, default: initial, exclusiveMinimum: 0 })
const share = (description: string, initial: number) =>
  Type.Number({ description, default: initial, minimum: 0, maximum: 1 })

const input = Type.Object(
  {
    model: artefact("conditioned-model", { description: "The model of condition/inject" }),
    images: artefact("webdataset | images", { description: "The images to train on; captions are not used" }),
    steps: count("Optimiser steps", 4600),
    batch: count("Images of a micro-batch; the original's 8 processors of 16 make 128", 128),
    "images-at-once": count("How many of them are computed at once: a matter of memory alone", 16),
    accumulation: count("Micro-batches of a step", 5),
    draws: count("Timesteps and noises for each micro-batch", 2),
    "draw-weights": Type.Union([Type.Literal("original"), Type.Literal("equal")], {
      description:
        "original: the last draw counts 1/accumulation, each other draw 1, as in the published code; equal: a mean",
      default: "original",
    }),
    "learning-rate": positive("The highest learning rate", 1e-4),
    "warmup-ratio": share("The share of the steps in which the learning rate rises from 0", 0.005),
    momentum: Type.Number({
      description: "The share of the velocity that is kept from step to step",
      default: 0.9,
      minimum: 0,
      exclusiveMaximum: 1,
    }),
    "max-gradient-norm": positive("The length to which longer gradients are cut", 1),
    loss: Type.Union([Type.Literal("mse"), Type.Literal("l1")], {
      description: "How the predicted noise is compared with the true one",
      default: "mse",
    }),
    "generative-normalisation": Type.Union([Type.Literal("original"), Type.Literal("corrected")], {
      description:
        "What turns the crop's normalisation back for the autoencoder: ImageNet's mean and deviation, as in the published code, or CLIP's, which were used",
      default: "original",
    }),
    "crop-min-scale": Type.Number({
      description: "The least share of an image's area that a crop takes",
      default: 0.9,
      exclusiveMinimum: 0,
      maximum: 1,
    }),
    "crop-max-scale": Type.Number({
      description: "The greatest share of an image's area that a crop takes",
      default: 1,
      exclusiveMinimum: 0,
      maximum: 1,
    }),
    "crop-min-ratio": positive("The least width divided by height of a crop", 3 / 4),
    "crop-max-ratio": positive("The greatest width divided by height of a crop", 4 / 3),
    "shuffle-buffer": count("Images among which the next one is drawn", 2000),
    "projector-warmup": count(
      "Steps before all others in which the new linear layer alone is trained; the original has none",
      0,
      0,
    ),
    "projector-learning-rate": positive("The learning rate of those steps", 1e-3),
    seed: Type.Integer({ description: "The seed of everything that is random", default: 42, minimum: 0 }),
    "checkpoint-every": count("Steps from checkpoint to checkpoint", 100),
  },
  { additionalProperties: false },
)

/** DIVA's training: the diffusion model's noise prediction improves CLIP's image tower. */
export const trainDiva = defineStage({
  name: "train/diva",
  version: 3,
  summary: "Trains CLIP's image tower by the noise-prediction loss of a frozen diffusion model",
  input,
  outputs: {
    weights: { kind: "weights", description: "The tuned CLIP model" },
    log: { kind: "training-log", description: "A JSON line for each step", file: "training-log.jsonl" },
    metrics: { kind: "metrics", description: "First and last loss, steps, images", file: "metrics.json" },
    checkpoint: { kind: "checkpoint", description: "The optimiser's state after the last step" },
  },
  resources: { cpu: 2, memory: 4000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: Effect.fnUntraced(function* (given, context) {
    const options = yield* optionsOf(given)
    const library = yield* Effect.promise(() => import("../training/diva/index.ts"))
    const { model: folder, images } = given
    yield* Effect.tryPromise({
      try: () => library.trainDiva({ folder, images }, options, context.outputs, context),
      catch: (error) => failureOf(error, context.signal),
    })
  }),
})

const optionsOf = (given: Static<typeof input>): Effect.Effect<DivaOptions, StageFailure> => {
  const cropScale = [given["crop-min-scale"], given["crop-max-scale"]] as const
  const cropRatio = [given["crop-min-ratio"], given["crop-max-ratio"]] as const
  for (const [name, [least, greatest]] of [["scale", cropScale] as const, ["ratio", cropRatio] as const]) {
    if (least > greatest) {
      return Effect.fail(
        permanent(`crop-min-${name} is ${least}, more than crop-max-${name}, which is ${greatest}`),
      )
    }
  }
  return Effect.succeed({
    steps: given.steps,
    batch: given.batch,
    imagesAtOnce: given["images-at-once"],
    accumulation: given.accumulation,
    draws: given.draws,
    drawWeights: given["draw-weights"],
    learningRate: given["learning-rate"],
    warmupRatio: given["warmup-ratio"],
    momentum: given.momentum,
    maxGradientNorm: given["max-gradient-norm"],
    loss: given.loss,
    generativeNormalisation: given["generative-normalisation"],
    cropScale,
    cropRatio,
    shuffleBuffer: given["shuffle-buffer"],
    projectorWarmup: given["projector-warmup"],
    projectorLearningRate: given["projector-learning-rate"],
    seed: given.seed,
    checkpointEvery: given["checkpoint-every"],
  })
}

const failureOf = (error: unknown, signal: AbortSignal): StageFailure => {
  if (error instanceof StageFailure) return error
  if (signal.aborted) return new StageFailure({ reason: "cancelled", message: "the training was stopped" })
  const message = error instanceof Error ? error.message : String(error)
  return permanent(`the training failed: ${message}`)
}
