import { availableParallelism } from "node:os"
import { defineStage, permanent, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { divaInput } from "./train-diva-input.ts"
import { evaluationOf, picturesOf, recipeOf, workOf } from "./train-diva-recipe.ts"

/** DIVA's training: the diffusion model's noise prediction improves CLIP's image tower. */
export const trainDiva = defineStage({
  name: "train/diva",
  version: 5,
  summary: "Trains CLIP's image tower by the noise-prediction loss of a frozen diffusion model",
  input: divaInput,
  outputs: {
    weights: { kind: "weights", description: "The tuned CLIP model" },
    log: { kind: "training-log", description: "A JSON line for each step", file: "training-log.jsonl" },
    metrics: {
      kind: "metrics",
      description: "First and last loss, steps, images, evaluations",
      file: "metrics.json",
    },
    checkpoint: { kind: "checkpoint", description: "What the training remembers after the last step" },
    progress: {
      kind: "training-progress",
      description: "The training's curves as a page, and as TensorBoard's event files",
    },
  },
  resources: { cpu: 2, memory: 4000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: Effect.fnUntraced(function* (given, context) {
    const library = yield* Effect.promise(() => import("../training/diva/index.ts"))
    const { model: folder, images, latents } = given
    yield* Effect.tryPromise({
      try: () => {
        const how = {
          work: workOf(given, context.gpus, availableParallelism()),
          evaluation: evaluationOf(given),
          pictures: picturesOf(given),
        }
        return library.trainDiva({ folder, images, latents }, recipeOf(given), how, context.outputs, context)
      },
      catch: (error) => trainingFailure(error, context.signal),
    })
  }),
})

/** What ended a training, in words. */
export const trainingFailure = (error: unknown, signal: AbortSignal): StageFailure => {
  if (signal.aborted) return new StageFailure({ reason: "cancelled", message: "the training was stopped" })
  if (error instanceof StageFailure) return error
  const message = error instanceof Error ? error.message : String(error)
  return permanent(`the training failed: ${message}`)
}
