import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"
import { captionInputs, optimisationInputs, pretrain, share, size } from "./pretraining-input.ts"

/** A text-to-image diffusion model from nothing but its autoencoder and its text encoder. */
export const trainDiffusion = defineStage({
  name: "train/diffusion",
  version: 2,
  summary: "Trains the UNet of a text-to-image diffusion model of Stable Diffusion 2.1's structure",
  input: Type.Object(
    {
      data: Type.Array(artefact("webdataset"), {
        description: "Images with captions",
        minItems: 1,
        maxItems: 1000,
      }),
      clip: artefact("weights", {
        description: "The CLIP whose text tower becomes the text encoder; images have the size that it takes",
      }),
      autoencoder: artefact("weights", { description: "The output of train/autoencoder" }),
      ...captionInputs("fine_caption"),
      "empty-share": share("The share of captions that are left empty", 0.1),
      "held-out": size("Samples at the end of the data that are kept for measuring", 256),
      channels: Type.Array(size("Channels of a level", 64, 10_000), {
        description: "Channels by level, the finest first; each level but the last halves height and width",
        default: [32, 64, 80],
        minItems: 1,
        maxItems: 10,
      }),
      heads: Type.Array(size("Heads of a level", 1, 1000), {
        description: "Heads of the attention by level; they divide the level's channels",
        default: [1, 2, 2],
        minItems: 1,
        maxItems: 10,
      }),
      "layers-per-block": size("Residual blocks of a level", 1, 20),
      groups: size("Groups of the normalisation; they divide all channels", 8, 1000),
      batch: size("Images of a step", 64),
      ...optimisationInputs({ steps: 1500, learningRate: 0.001, warmup: 100, weightDecay: 0.01 }),
    },
    { additionalProperties: false },
  ),
  outputs: {
    weights: { kind: "weights", description: "The whole model in diffusers' layout" },
    log: { kind: "training-log", description: "A JSON line for each step", file: "training-log.jsonl" },
    metrics: {
      kind: "diffusion-losses",
      description: "Losses on held-out samples with the right caption, another one and none",
      file: "metrics.json",
    },
  },
  resources: { cpu: 2, memory: 4000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: Effect.fnUntraced(function* (input, context) {
    const library = yield* Effect.promise(() => import("../training/pretraining/index.ts"))
    yield* pretrain("the diffusion model", () => library.trainDiffusion(input, context))
  }),
})
