// savings.ts FOLDER REPEATS : what each saving of a step saves, with the small models, as JSON lines.
import * as tf from "@tensorflow/tfjs-core"
import { loadDiffusion } from "../../../packages/stages/src/models/diffusion/index.ts"
import { RandomStream } from "../../../packages/stages/src/randomness/index.ts"
import { loadBackend, RecordedComputation } from "../../../packages/stages/src/tensor/index.ts"
import { drawAt } from "../../../packages/stages/src/training/diva/draws.ts"
import {
  partsWith,
  SGD,
  TRACE_OPTIONS,
} from "../../../packages/stages/src/training/diva/fixtures/reference-model.ts"
import { loadTrainingModel } from "../../../packages/stages/src/training/diva/load-model.ts"
import { microBatchOf } from "../../../packages/stages/src/training/diva/noise-loss.ts"
import { backward } from "../../../packages/stages/src/training/diva/step.ts"
import { textCondition } from "../../../packages/stages/src/training/diva/text-condition.ts"
import { median } from "../measure.ts"
import { smallModel } from "./small-model.ts"

const [folder = "", repeats = "5"] = process.argv.slice(2)
const BATCH = 16

await loadBackend()
const model = await smallModel(folder)
const frozen = await loadTrainingModel(model, TRACE_OPTIONS)
const { denoiser, ...others } = partsWith(SGD)
const all = await loadTrainingModel(model, {
  ...TRACE_OPTIONS,
  parts: { ...others, denoiser: { ...denoiser, train: ["unet.**"] } },
})
const diffusion = await loadDiffusion(`${model}/diffusion`)
const crops = tf.tensor4d(RandomStream.named(1, "crops").normals(BATCH * 64 * 64 * 3), [BATCH, 64, 64, 3])
const views = microBatchOf(frozen.model, crops, { generative: "original" })
const sizes = { timesteps: 1000, latent: views.latents.shape.slice(1) }
const draws = [0, 1].map((draw) =>
  drawAt(frozen.condition, 1, { step: 0, first: 0, count: BATCH }, draw, sizes),
)

/** Gradients of some draws; they are thrown away. */
const gradients = (
  of: typeof frozen,
  some: typeof draws,
  { checkpoints = false, graphs }: { checkpoints?: boolean; graphs?: RecordedComputation } = {},
) => {
  const weights = some.map(() => 1)
  const names = of.trainable.names()
  const how = { names, weights, loss: "mse", checkpoints } as const
  const made = backward(of.model, of.trainable, views, some, how, graphs)
  tf.dispose([...made.gradients.values()])
}

const encoded = () => {
  const { states } = textCondition(diffusion, frozen.clip, TRACE_OPTIONS)
  states.dataSync()
  states.dispose()
}

const latents = () => {
  const made = microBatchOf(frozen.model, crops, { generative: "original" })
  made.latents.dataSync()
  tf.dispose([made.pixels, made.latents])
}

/** Seconds of the processor. */
const cost = (run: () => void): number => {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const peak = async (checkpoints: boolean): Promise<number> => {
  const { peakBytes } = await tf.profile(() => {
    gradients(frozen, draws, { checkpoints })
    return []
  })
  return peakBytes / 1e6
}

const recorded = new RecordedComputation()

const WORKS = {
  together: () => gradients(frozen, draws),
  apart: () => {
    for (const draw of draws) gradients(frozen, [draw])
  },
  "all gradients": () => gradients(all, draws),
  "activations twice": () => gradients(frozen, draws, { checkpoints: true }),
  recorded: () => gradients(frozen, draws, { graphs: recorded }),
  "texts of a draw": encoded,
  latents,
}

// In turns, so that whatever else runs slows all of them down.
const costs = new Map<string, Array<number>>(Object.keys(WORKS).map((name) => [name, []]))
for (const run of Object.values(WORKS)) run()
for (let repeat = 0; repeat < Number(repeats); repeat++)
  for (const [name, run] of Object.entries(WORKS)) costs.get(name)?.push(cost(run))
const seconds = Object.fromEntries([...costs].map(([name, each]) => [name, median(each)]))
const megabytes = { kept: await peak(false), twice: await peak(true) }
process.stdout.write(`${JSON.stringify({ seconds, megabytes })}\n`)
process.exit()
