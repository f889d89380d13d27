import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"
import { optimisationInputs, pretrain, size } from "./pretraining-input.ts"

const weight = (description: string, initial: number) =>
  Type.Number({ description, default: initial, minimum: 0 })

/** The diffusion model's autoencoder from nothing. */
export const trainAutoencoder = defineStage({
  name: "train/autoencoder",
  version: 2,
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
      batch: size("Images of a step", 32),
      "squared-weight": weight("Weight of the squared error beside the absolute one", 1),
      "kl-weight": weight("Weight of the latents' distance from the standard normal distribution", 0.0001),
      ...optimisationInputs({ steps: 600, learningRate: 0.002, warmup: 50, weightDecay: 0 }),
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
    yield* pretrain("the autoencoder", () => library.trainAutoencoder(input, context))
  }),
})
