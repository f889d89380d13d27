import { type Condition, drawPatches } from "../../condition/index.ts"
import { RandomStream } from "../../randomness/index.ts"
import type { DrawWeights } from "./options.ts"

/** What is random in one draw of a micro-batch. */
export interface Draw {
  /** One for each image. */
  readonly timesteps: Int32Array
  /** [batch, height, width, channels] of the latents, row by row. */
  readonly noise: Float32Array
  /** Patches that the condition design draws, [batch, drawn]. */
  readonly patches: Int32Array
}

/** The place of a draw in the training; with the seed, it names the draw's random numbers. */
export interface DrawPlace {
  readonly step: number
  readonly microBatch: number
  readonly draw: number
}

/** The random numbers of a draw: they depend on the seed and the place alone. */
export const drawAt = (
  condition: Condition,
  seed: number,
  { step, microBatch, draw }: DrawPlace,
  { timesteps, latents }: { readonly timesteps: number; readonly latents: ReadonlyArray<number> },
): Draw => {
  const stream = (purpose: string) => RandomStream.named(seed, "train/diva", purpose, step, microBatch, draw)
  const batch = latents[0] ?? 0
  return {
    timesteps: stream("timesteps").integers(batch, timesteps),
    noise: stream("noise").normals(latents.reduce((product, size) => product * size, 1)),
    patches: drawPatches(condition, stream("patches"), batch),
  }
}

/** The part of a draw that belongs to `count` images of the batch from `first` on. */
export const partOfDraw = (draw: Draw, first: number, count: number): Draw => {
  const batch = draw.timesteps.length
  const part = ({ length }: { readonly length: number }) => {
    const each = length / batch
    return [first * each, (first + count) * each] as const
  }
  return {
    timesteps: draw.timesteps.subarray(first, first + count),
    noise: draw.noise.subarray(...part(draw.noise)),
    patches: draw.patches.subarray(...part(draw.patches)),
  }
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
