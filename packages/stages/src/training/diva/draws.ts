import { type Condition, drawPatches } from "../../condition/index.ts"
import { RandomStream } from "../../randomness/index.ts"
import type { DrawWeights } from "./options.ts"

/** What is random in one draw of some images. */
export interface Draw {
  /** One for each image. */
  readonly timesteps: Int32Array
  /** [images, height, width, channels] of the latents, row by row. */
  readonly noise: Float32Array
  /** Patches that the condition design draws, [images, drawn]. */
  readonly patches: Int32Array
}

/** Neighbouring images of a step; with the seed, each names its own random numbers. */
export interface ImagesOfStep {
  readonly step: number
  /** The first image's place among all of the step. */
  readonly first: number
  readonly count: number
}

/**
 * The random numbers of a draw. Those of an image depend on the seed, the step and the image's place in it alone: not on
 * how a step's images are divided into micro-batches, and those among processes.
 */
export const drawAt = (
  condition: Condition,
  seed: number,
  { step, first, count }: ImagesOfStep,
  draw: number,
  { timesteps, latent }: { readonly timesteps: number; readonly latent: ReadonlyArray<number> },
): Draw => {
  const size = latent.reduce((product, length) => product * length, 1)
  const drawn = condition.dimensions["drawn-patches"]
  const all: Draw = {
    timesteps: new Int32Array(count),
    noise: new Float32Array(count * size),
    patches: new Int32Array(count * drawn),
  }
  for (let image = 0; image < count; image++) {
    const stream = (purpose: string) =>
      RandomStream.named(seed, "train/diva", purpose, step, first + image, draw)
    all.timesteps[image] = stream("timestep").integer(timesteps)
    all.noise.set(stream("noise").normals(size), image * size)
    if (drawn > 0) all.patches.set(drawPatches(condition, stream("patches"), 1), image * drawn)
  }
  return all
}

/**
 * How much the loss of each draw counts in the sum over a step's micro-batches.
 *
 * The original runs the backward pass of all draws but the last itself, unscaled; only the last draw's loss goes
 * through the trainer, which divides it by the number of micro-batches. `equal` makes the sum a mean.
 */
export const weightsOfDraws = (
  weights: DrawWeights,
  draws: number,
  accumulation: number,
): ReadonlyArray<number> =>
  Array.from({ length: draws }, (_, draw) => {
    if (weights === "equal") return 1 / (draws * accumulation)
    return draw === draws - 1 ? 1 / accumulation : 1
  })
