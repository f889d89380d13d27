import { copyFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type * as tf from "@tensorflow/tfjs-core"
import { CONDITION_FILE, PROJECTOR_FILE } from "../../condition/index.ts"
import { saveLike } from "../../models/clip/index.ts"
import { loadBackend, Parameters, writeParameters } from "../../tensor/index.ts"
import { writeState } from "./checkpoint.ts"
import { loadTrainingModel, type TrainingModel } from "./load-model.ts"
import type { DivaOptions } from "./options.ts"
import { type TrainerContext, train } from "./trainer.ts"
import { logLines, metricsOf } from "./training-record.ts"

/** Where a training's results go. */
export interface TrainingOutputs {
  /** A folder. */
  readonly weights: string
  /** A file. */
  readonly log: string
  /** A file. */
  readonly metrics: string
  /** A folder. */
  readonly checkpoint: string
}

/**
 * Trains the image tower of a conditioned model by DIVA's method and writes the tuned CLIP, the training log, its
 * metrics and the optimiser's last state.
 *
 * @param folder a conditioned model
 * @param images a data set that `readSamples` reads
 * @throws StageFailure; the signal's reason when aborted
 */
export const trainDiva = async (
  { folder, images }: { readonly folder: string; readonly images: string },
  options: DivaOptions,
  outputs: TrainingOutputs,
  context: TrainerContext,
): Promise<void> => {
  const backend = await loadBackend()
  context.log("info", `tensor backend ${backend.name} ${backend.version}`)
  const loaded = await loadTrainingModel(folder)
  try {
    const { state, optimiser } = await train(loaded, images, options, context)
    try {
      await writeState(outputs.checkpoint, state, optimiser)
    } finally {
      optimiser.dispose()
    }
    await saveTuned(loaded, outputs.weights)
    await writeFile(outputs.log, logLines(state.records))
    const imagesPerStep = options.batch * options.accumulation
    const metrics = metricsOf(state.records, { imagesPerStep, parameters: loaded.trainable.count() })
    await writeFile(outputs.metrics, `${JSON.stringify(metrics, undefined, 2)}\n`)
  } finally {
    loaded.dispose()
  }
}

/** Writes the tuned CLIP: the original's layout, with the condition beside it. */
const saveTuned = async ({ folder, clip, trainable }: TrainingModel, output: string): Promise<void> => {
  const trained = trainable.parameters()
  const tensors = new Map<string, tf.Tensor>(clip.parameters.entries())
  for (const [name, tensor] of trained.entries()) if (name.startsWith("visual.")) tensors.set(name, tensor)
  await saveLike(join(folder, "clip"), output, Parameters.of(tensors))
  await writeParameters(join(output, PROJECTOR_FILE), trained.within("visual_proj"), { dtype: "F32" })
  await copyFile(join(folder, CONDITION_FILE), join(output, CONDITION_FILE))
}
