import { artefact, unkeyed } from "@diva-pipeline/core"
import { type Static, Type } from "typebox"

const closed = { additionalProperties: false }
const count = (description: string, initial: number, minimum = 1) =>
  Type.Integer({ description, default: initial, minimum, maximum: 1_000_000_000 })
const whole = (description: string) => Type.Integer({ description, minimum: 1, maximum: 1_000_000_000 })
const positive = (description: string, initial: number) =>
  Type.Number({ description, default: initial, exclusiveMinimum: 0 })
const share = (description: string, initial: number) =>
  Type.Number({ description, default: initial, minimum: 0, maximum: 1 })
const optional = <const S extends Parameters<typeof Type.Optional>[0]>(schema: S) => Type.Optional(schema)

/** What decides the crops of the images; train/latents takes the same. */
export const cropInputs = {
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
  "generative-normalisation": Type.Union([Type.Literal("original"), Type.Literal("corrected")], {
    description:
      "What turns the crop's normalisation back for the autoencoder: ImageNet's mean and deviation, as in the published code, or CLIP's, which were used",
    default: "original",
  }),
}

const rule = Type.Union([Type.Literal("sgd"), Type.Literal("adamw")])
const momentum = { minimum: 0, exclusiveMaximum: 1 }

const optimiserInputs = {
  optimiser: Type.Union(rule.anyOf, {
    description: "How parameters are changed, by PyTorch's rules",
    default: "sgd",
  }),
  "learning-rate": positive("The highest learning rate", 1e-4),
  momentum: Type.Number({
    description: "Of sgd: the share of the velocity that is kept from step to step",
    default: 0.9,
    ...momentum,
  }),
  "weight-decay": Type.Number({
    description: "How much parameters are drawn to zero",
    default: 0,
    minimum: 0,
  }),
  beta1: Type.Number({
    description: "Of adamw: the share of the first moment kept",
    default: 0.9,
    ...momentum,
  }),
  beta2: Type.Number({
    description: "Of adamw: the share of the second moment kept",
    default: 0.999,
    ...momentum,
  }),
  epsilon: positive("Of adamw: added to the root of the second moment", 1e-8),
}

const patterns = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 500 }), { description, maxItems: 1000 })

const part = (what: string) =>
  Type.Object(
    {
      train: optional(patterns(`Which of its parameters are trained; none: ${what} is frozen`)),
      optimiser: optional(rule),
      "learning-rate": optional(Type.Number({ exclusiveMinimum: 0 })),
      momentum: optional(Type.Number(momentum)),
      "weight-decay": optional(Type.Number({ minimum: 0 })),
      beta1: optional(Type.Number(momentum)),
      beta2: optional(Type.Number(momentum)),
      epsilon: optional(Type.Number({ exclusiveMinimum: 0 })),
    },
    closed,
  )

const partInputs = {
  parts: optional(
    Type.Object(
      {
        clip: optional(part("CLIP's image tower")),
        projector: optional(part("the new linear layer")),
        denoiser: optional(part("the UNet")),
      },
      {
        ...closed,
        description:
          "What is trained of each part, by patterns of names (`*`: anything but a dot, `**`: anything, `{a,b}`), and with which optimiser where that isn't the one above. As they are: clip `visual.**`, projector `visual_proj.**`, denoiser nothing (its names are `unet.…`)",
      },
    ),
  ),
  lora: optional(
    Type.Object(
      {
        rank: Type.Integer({ minimum: 1, maximum: 4096 }),
        alpha: Type.Number({ exclusiveMinimum: 0 }),
        weights: patterns("The matrices that get factors"),
      },
      {
        ...closed,
        description:
          "Low-rank factors of matrices of the image tower, trained beside what `parts` says of clip (`train: []` for the factors alone), and merged in the result",
      },
    ),
  ),
}

const recipeInputs = {
  steps: count("Optimiser steps", 4600),
  batch: count("Images of a micro-batch; the original's 8 processors of 16 make 128", 128),
  "images-at-once": optional(
    whole("How many of them are computed at once; 16, or what memory-budget allows, when absent"),
  ),
  "memory-budget": optional(
    whole(
      "Megabytes that tensors may take, the model's among them: decides images-at-once, and whether activations are kept",
    ),
  ),
  accumulation: count("Micro-batches of a step", 5),
  draws: count("Timesteps and noises for each micro-batch", 2),
  "draw-weights": Type.Union([Type.Literal("original"), Type.Literal("equal")], {
    description:
      "original: the last draw counts 1/accumulation, each other draw 1, as in the published code; equal: a mean",
    default: "original",
  }),
  schedule: Type.Union([Type.Literal("cosine"), Type.Literal("linear"), Type.Literal("constant")], {
    description: "What the learning rate does after the warm-up",
    default: "cosine",
  }),
  "warmup-ratio": share("The share of the steps in which the learning rate rises from 0", 0.005),
  "warmup-rounding": Type.Union([Type.Literal("up"), Type.Literal("down")], {
    description: "How that share becomes steps; up, as in the published code",
    default: "up",
  }),
  "max-gradient-norm": positive("The length to which longer gradients are cut", 1),
  "average-decay": optional(
    Type.Number({
      description:
        "The share of a moving average of the weights that is kept at each step; the average is the result then",
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
    }),
  ),
  loss: Type.Union([Type.Literal("mse"), Type.Literal("l1")], {
    description: "How the predicted noise is compared with the true one",
    default: "mse",
  }),
  "discriminative-normalisation": Type.Union([Type.Literal("original"), Type.Literal("model")], {
    description:
      "What CLIP's view is normalised with: OpenAI's mean and deviation, as in the published code also for SigLIP, or the model's own",
    default: "original",
  }),
  prompt: Type.String({
    description: "The constant text; {} stands for the class name",
    default: "a photo of a {}.",
    maxLength: 1000,
  }),
  "class-names": Type.Array(Type.String({ maxLength: 200 }), {
    description:
      "The original has one, which is empty. Of several, each image's text is the mixture by CLIP's own probabilities",
    default: [""],
    minItems: 1,
    maxItems: 10_000,
  }),
  crops: Type.Union([Type.Literal("each-epoch"), Type.Literal("fixed")], {
    description: "Whether an image is cropped anew each time that it comes, or always alike",
    default: "each-epoch",
  }),
  "shuffle-buffer": count("Images among which the next one is drawn", 2000),
  "projector-warmup": count(
    "Steps before all others in which the new linear layer alone is trained; the original has none",
    0,
    0,
  ),
  "projector-learning-rate": positive("The learning rate of those steps", 1e-3),
  seed: Type.Integer({ description: "The seed of everything that is random", default: 42, minimum: 0 }),
}

/** Processes that share the work; train/latents takes the same. */
export const workersInput = optional(
  unkeyed(
    Type.Integer({
      description:
        "Processes that share the images, with the same result; as many as graphics processors, or 1, when absent",
      minimum: 1,
      maximum: 64,
    }),
  ),
)

/** Threads that decode; train/latents takes the same. */
export const decodeThreadsInput = optional(
  unkeyed(
    Type.Integer({
      description: "Threads that decode and crop images; all cores but one when absent",
      minimum: 1,
      maximum: 256,
    }),
  ),
)

const workInputs = {
  workers: workersInput,
  "decode-threads": decodeThreadsInput,
  "checkpoint-every": unkeyed(count("Steps from checkpoint to checkpoint", 100)),
  "keep-checkpoints": unkeyed(count("How many of the latest checkpoints are kept", 1)),
  "milestone-every": count(
    "Steps whose multiples are checkpoints that stay, in the output `checkpoint`",
    0,
    0,
  ),
  divergence: unkeyed(
    Type.Number({
      description:
        "How many times its least value the mean loss of twenty steps may reach before the training is stopped",
      default: 5,
      exclusiveMinimum: 1,
    }),
  ),
}

const evaluationInputs = {
  benchmarks: Type.Array(artefact("pairs-benchmark | classification-benchmark | retrieval-benchmark"), {
    description: "What the model is scored on while it is trained; the first one decides which is the best",
    default: [],
    maxItems: 100,
  }),
  "benchmark-names": Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
    description: "Their names in logs and curves, in their order",
    default: [],
    maxItems: 100,
  }),
  "evaluate-every": count("Steps from evaluation to evaluation", 100),
  keep: Type.Union([Type.Literal("last"), Type.Literal("best")], {
    description: "Whether the weights are the last ones, or the best by the first benchmark",
    default: "last",
  }),
  patience: count(
    "Evaluations without a better score after which the training stops; 0: it never does",
    0,
    0,
  ),
}

const pictureInputs = {
  pictures: count(
    "Pictures that the diffusion model makes of the condition before and after, to be looked at",
    4,
    0,
  ),
  "picture-steps": count("Steps from noise to picture", 20),
}

/** The input of train/diva. */
export const divaInput = Type.Object(
  {
    model: artefact("conditioned-model", { description: "The model of condition/inject" }),
    images: artefact("webdataset | images", {
      description: "The images to train on, as shards, files, or parquet tables; captions are not used",
    }),
    latents: optional(
      artefact("latents", {
        description: "The images' latents of train/latents, with whose fixed crops is trained then",
      }),
    ),
    ...recipeInputs,
    ...optimiserInputs,
    ...partInputs,
    ...cropInputs,
    ...evaluationInputs,
    ...pictureInputs,
    ...workInputs,
  },
  closed,
)

export type DivaInput = Static<typeof divaInput>
