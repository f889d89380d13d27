// signal.ts MODEL PAIRS [CHECKPOINT]: what the diffusion model's feedback says of a small CLIP.
//   MODEL a folder of condition/inject, PAIRS a benchmark of pairs, CHECKPOINT of a training of that model
import { RandomStream } from "../../packages/stages/src/randomness/index.ts"
import { mean } from "../../packages/stages/src/statistics/index.ts"
import { loadBackend } from "../../packages/stages/src/tensor/index.ts"
import { CONDITIONS, conditionLosses } from "./condition-losses.ts"
import { toldMean } from "./figures.ts"
import { alignmentGradient, cosine, meanOf, noiseGradients, pairGradient, product } from "./gradients.ts"
import { loadStudied, readPairs, type StudiedModel, type StudiedScene, shuffled } from "./model.ts"

const SEED = 5
const [folder = "", benchmark = "", checkpoint] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)

type Pair = readonly [StudiedScene, StudiedScene]

const losses = (studied: StudiedModel, scenes: ReadonlyArray<StudiedScene>): void => {
  const by = conditionLosses(studied, scenes, { seed: SEED, draws: 4 })
  for (const name of CONDITIONS) {
    const gain = by["text alone"].map((value, index) => value - (by[name][index] ?? 0))
    say(`loss, ${name}: ${toldMean(by[name], 5)}; less than with the text alone by ${toldMean(gain, 5)}`)
  }
  const right = by.own.map((value, index) => (by.other[index] ?? 0) - value)
  say(`loss, another scene's minus own: ${toldMean(right, 5)}`)
}

const BATCHES = 24
const BATCH = 16

const gradients = (
  studied: StudiedModel,
  pairs: ReadonlyArray<Pair>,
  scenes: ReadonlyArray<StudiedScene>,
): void => {
  const batches = Array.from({ length: BATCHES }, (_, step) => {
    const batch = scenes.slice(step * BATCH, (step + 1) * BATCH)
    return noiseGradients(studied, batch, { seed: SEED, step, draws: 2 })
  })
  const same = batches.map(([one, two]) => (one && two ? cosine(one, two) : 0))
  say(`cosine of two draws' gradients, same images: ${toldMean(same, 3)}`)
  const means = batches.map(meanOf)
  const apart = means.slice(1).map((row, index) => cosine(row, means[index] ?? row))
  say(`cosine of two steps' gradients, other images: ${toldMean(apart, 3)}`)
  const whole = meanOf(means)
  const squares = mean(means.map((row) => product(row, row)))
  const signal = (BATCHES * product(whole, whole) - squares) / (BATCHES - 1)
  say(`share of a step's squared gradient that is common to all steps: ${(signal / squares).toFixed(3)}`)
  const categories = [...new Set(pairs.map(([{ category }]) => category))]
  const goals = [
    ["all pairs", pairGradient(studied, pairs)] as const,
    ["alignment of images and texts", alignmentGradient(studied, scenes.slice(0, 480))] as const,
    ...categories.map(
      (category) =>
        [
          category,
          pairGradient(
            studied,
            pairs.filter(([scene]) => scene.category === category),
          ),
        ] as const,
    ),
  ]
  for (const [name, goal] of goals) {
    const toward = means.map((row) => cosine(row, goal))
    say(
      `cosine with the gradient of ${name}: a step's ${toldMean(toward, 4)}, their mean's ${cosine(whole, goal).toFixed(4)}`,
    )
  }
}

await loadBackend()
const studied = await loadStudied(folder, checkpoint)
const pairs = await readPairs(benchmark)
const stream = RandomStream.named(SEED, "signal")
const scenes = shuffled(
  pairs.map(([first]) => first),
  (below) => stream.integer(below),
)
losses(studied, scenes.slice(0, 256))
gradients(studied, pairs, scenes)
