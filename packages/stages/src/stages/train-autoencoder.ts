import { artefact, defineStage, permanent, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

const size = (description: string, initial: number, maximum = 100_000) =>
  Type.Integer({ description, default: initial, minimum: 1, maximum })
const weight = (description: string, initial: number) =>
  Type.Number({ description, default: initial, minimum: 0 })

/** The diffusion model's autoencoder from nothing. */
export const trainAutoencoder = defineStage({
  name: "train/autoencoder",
  version: 1,
  summary: "Trains an AutoencoderKL from nothing: images to small latents and back",
  input: Type.Object(
    {
      data: Type.Array(artefact("webdataset | images"), {
        description: "Images; captions are not used",
        minItems: 1,
        maxItems: 1000,
      }),
      "image-size": size("Pixels of a side of the images", 64, 4096),
      channels: Type.Array(size("Channels of a level", 32, 10_000), {
        description: "Channels by level, the finest first; each level but the last halves height and width",
        default: [16, 32, 32],
        minItems: 1,
        maxItems: 10,
      }),
      "layers-per-block": size("Residual blocks of a level", 1, 20),
      "latent-channels": size("Channels of the latents", 4, 1000),
      groups: size("Groups of the normalisation; they divide all channels", 8, 1000),
      steps: size("Optimiser steps", 600, 10_000_000),
      batch: size("Images of a step", 32),
      "learning-rate": Type.Number({
        description: "The highest learning rate",
        default: 0.002,
        exclusiveMinimum: 0,
      }),
      warmup: Type.Integer({
        description: "Steps in which the learning rate rises",
        default: 50,
        minimum: 0,
      }),
      "weight-decay": weight("AdamW's weight decay", 0),
      "squared-weight": weight("Weight of the squared error beside the absolute one", 1),
      "kl-weight": weight("Weight of the latents' distance from the standard normal distribution", 0.0001),
      "checkpoint-every": size("Steps from checkpoint to checkpoint", 100, 10_000_000),
      seed: Type.Integer({ description: "The seed of everything that is random", default: 42, minimum: 0 }),
      precision: Type.Union([Type.Literal("fp32"), Type.Literal("fp16")], {
        description: "How the weights are written",
        default: "fp32",
      }),
    },
    { additionalProperties: false },
  ),
  outputs: {
    weights: { kind: "weights", description: "The autoencoder as a `vae` folder of diffusers" },
    log: { kind: "training-log", description: "A JSON line for each step", file: "training-log.jsonl" },
  },
  resources: { cpu: 2, memory: 4000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: Effect.fnUntraced(function* (input, context) {
    const library = yield* Effect.promise(() => import("../training/pretraining/index.ts"))
    yield* Effect.tryPromise({
      try: () => library.trainAutoencoder(input, context),
      catch: (error) =>
        error instanceof StageFailure
          ? error
          : permanent(`the training of the autoencoder failed: ${String(error)}`),
    })
  }),
})
