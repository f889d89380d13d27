import * as tf from "@tensorflow/tfjs-core"
import { chooseTokens, joinText, towerTokens } from "../../packages/stages/src/condition/index.ts"
import { predictNoise, promptStates } from "../../packages/stages/src/models/diffusion/index.ts"
import { drawAt } from "../../packages/stages/src/training/diva/draws.ts"
import { type StudiedModel, type StudiedScene, viewsOf } from "./model.ts"

/** What the denoiser is told of a scene. */
export const CONDITIONS = ["own", "other", "text alone", "caption"] as const

export type ConditionName = (typeof CONDITIONS)[number]

/** The mean loss of each scene over its draws, by condition; all conditions have the same timesteps and noise. */
export type ConditionLosses = Readonly<Record<ConditionName, ReadonlyArray<number>>>

const BATCH = 32

/** The noise-prediction loss of scenes with each condition. Neighbouring scenes must not be of one pair. */
export const conditionLosses = (
  studied: StudiedModel,
  scenes: ReadonlyArray<StudiedScene>,
  { seed, draws }: { readonly seed: number; readonly draws: number },
): ConditionLosses => {
  const losses: Record<ConditionName, Array<number>> = { own: [], other: [], "text alone": [], caption: [] }
  for (let at = 0; at < scenes.length; at += BATCH) {
    const batch = scenes.slice(at, at + BATCH)
    for (const [name, values] of Object.entries(lossesOfBatch(studied, batch, { seed, draws, at })))
      if (isCondition(name)) losses[name].push(...values)
  }
  return losses
}

const isCondition = (name: string): name is ConditionName => CONDITIONS.some((known) => known === name)

const lossesOfBatch = (
  studied: StudiedModel,
  scenes: ReadonlyArray<StudiedScene>,
  { seed, draws, at }: { readonly seed: number; readonly draws: number; readonly at: number },
): Record<ConditionName, ReadonlyArray<number>> => {
  const { model, condition } = studied
  const { pixels, latents } = viewsOf(studied, scenes)
  const sizes = { timesteps: model.schedule.length, latent: latents.shape.slice(1) }
  const sums: Record<ConditionName, Float64Array> = {
    own: new Float64Array(scenes.length),
    other: new Float64Array(scenes.length),
    "text alone": new Float64Array(scenes.length),
    caption: new Float64Array(scenes.length),
  }
  for (let index = 0; index < draws; index++) {
    const draw = drawAt(condition, seed, { step: 0, first: at, count: scenes.length }, index, sizes)
    tf.tidy(() => {
      const noise = tf.tensor(draw.noise, latents.shape)
      const noisy = model.schedule.addNoise(latents, noise, draw.timesteps)
      const target = model.schedule.targetOf(latents, noise, draw.timesteps)
      const unet = { config: model.unet, parameters: model.weights().denoiser }
      for (const [name, context] of contextsOf(studied, scenes, pixels, draw.patches)) {
        const wrong = tf.square(tf.sub(predictNoise(unet, noisy, draw.timesteps, context), target))
        const values = tf.mean(wrong, [1, 2, 3]).dataSync()
        for (const [scene, value] of values.entries()) sums[name][scene] = (sums[name][scene] ?? 0) + value
      }
    })
  }
  tf.dispose([pixels, latents])
  const mean = (sum: Float64Array) => [...sum].map((value) => value / draws)
  return {
    own: mean(sums.own),
    other: mean(sums.other),
    "text alone": mean(sums["text alone"]),
    caption: mean(sums.caption),
  }
}

const contextsOf = (
  { model, condition, diffusion }: StudiedModel,
  scenes: ReadonlyArray<StudiedScene>,
  pixels: tf.Tensor4D,
  patches: Int32Array,
): ReadonlyArray<readonly [ConditionName, tf.Tensor]> => {
  const { clip, projector } = model.weights()
  const tokens = towerTokens(condition, { config: model.clip, parameters: clip }, pixels)
  const own = joinText(condition, projector, chooseTokens(condition, tokens, patches), model.text.states)
  const [count, ...sizes] = own.shape
  const last = tf.slice(own, [count - 1, 0, 0], [1, ...sizes])
  const rest = tf.slice(own, [0, 0, 0], [count - 1, ...sizes])
  const ids = diffusion.tokenizer.encode(scenes.map(({ statement }) => statement))
  const rows = tf.tensor2d(
    Int32Array.from(ids.flatMap((row) => [...row])),
    [ids.length, ids[0]?.length ?? 0],
    "int32",
  )
  const [, words = 0, width = 0] = model.text.states.shape
  return [
    ["own", own],
    ["other", tf.concat([last, rest], 0)],
    ["text alone", tf.tile(model.text.states, [count, 1, 1])],
    ["caption", tf.reshape(promptStates(diffusion.textEncoder, rows), [count, words, width])],
  ]
}
