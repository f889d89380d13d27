import { availableParallelism } from "node:os"
import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"
import { trainingFailure } from "./train-diva.ts"
import { cropInputs, decodeThreadsInput, workersInput } from "./train-diva-input.ts"
import { cropRanges } from "./train-diva-recipe.ts"

/** Latents of fixed crops, which every training on the same images and crops may share. */
export const trainLatents = defineStage({
  name: "train/latents",
  version: 2,
  summary: "Computes the latents of one fixed crop of each image, for trainings that share them",
  input: Type.Object(
    {
      model: artefact("conditioned-model", {
        description: "The model of condition/inject, of which the autoencoder is used",
      }),
      images: artefact("webdataset | images", { description: "The images that will be trained on" }),
      ...cropInputs,
      "images-at-once": Type.Integer({
        description: "How many are computed at once",
        default: 16,
        minimum: 1,
        maximum: 100_000,
      }),
      seed: Type.Integer({ description: "The seed of the crops", default: 42, minimum: 0 }),
      workers: workersInput,
      "decode-threads": decodeThreadsInput,
    },
    { additionalProperties: false },
  ),
  outputs: { latents: { kind: "latents", description: "The latents, image by image, and what they are of" } },
  resources: { cpu: 2, memory: 4000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: Effect.fnUntraced(function* (given, context) {
    const { makeLatents } = yield* Effect.promise(() => import("../training/diva/index.ts"))
    const request = () => ({
      folder: given.model,
      images: given.images,
      crops: { ...cropRanges(given), seed: given.seed },
      generativeNormalisation: given["generative-normalisation"],
      imagesAtOnce: given["images-at-once"],
      work: {
        workers: given.workers ?? Math.max(1, context.gpus.length),
        gpus: context.gpus,
        threads: given["decode-threads"] ?? Math.max(1, availableParallelism() - 1),
      },
    })
    yield* Effect.tryPromise({
      try: async () => makeLatents(request(), context.outputs.latents, context),
      catch: (error) => trainingFailure(error, context.signal),
    })
  }),
})
