import * as tf from "@tensorflow/tfjs-core"
import type { ScheduleConfig } from "./schedule-config.ts"

/** How much of signal and noise there is in each row: √ᾱ and √(1 − ᾱ), [batch, 1, …]. */
export interface NoiseShares {
  readonly signal: tf.Tensor
  readonly noisy: tf.Tensor
}

/** How much signal and noise a latent holds at each timestep (Ho et al., 2020). */
export class NoiseSchedule {
  readonly config: ScheduleConfig
  /** ᾱ of each timestep: the share of the signal's variance that is left. */
  readonly alphasCumprod: Float32Array

  constructor(config: ScheduleConfig) {
    this.config = config
    this.alphasCumprod = cumulativeAlphas(config)
  }

  /** How many timesteps there are. */
  get length(): number {
    return this.alphasCumprod.length
  }

  /**
   * √ᾱ · x + √(1 − ᾱ) · noise.
   *
   * @param x [batch, ...]
   * @param noise as x
   * @param at a timestep for each row of x, or their shares
   */
  addNoise(x: tf.Tensor, noise: tf.Tensor, at: Int32Array | NoiseShares): tf.Tensor {
    return tf.tidy(() => {
      const { signal, noisy } = at instanceof Int32Array ? this.sharesAt(at, x.rank) : at
      return tf.add(tf.mul(x, signal), tf.mul(noise, noisy))
    })
  }

  /** What the UNet should predict: the noise, or the velocity √ᾱ · noise − √(1 − ᾱ) · x. */
  targetOf(x: tf.Tensor, noise: tf.Tensor, at: Int32Array | NoiseShares): tf.Tensor {
    if (this.config.prediction === "epsilon") return noise
    return tf.tidy(() => {
      const { signal, noisy } = at instanceof Int32Array ? this.sharesAt(at, x.rank) : at
      return tf.sub(tf.mul(noise, signal), tf.mul(x, noisy))
    })
  }

  /** The shares at each of the timesteps, for tensors of that rank. */
  sharesAt(timesteps: Int32Array, rank: number): NoiseShares {
    const shape = [timesteps.length, ...Array<number>(rank - 1).fill(1)]
    const each = (share: (alpha: number) => number) =>
      tf.tensor(
        Float32Array.from(timesteps, (timestep) => Math.sqrt(share(this.alphaAt(timestep)))),
        shape,
      )
    return { signal: each((alpha) => alpha), noisy: each((alpha) => 1 - alpha) }
  }

  /** ᾱ at a timestep. */
  alphaAt(timestep: number): number {
    const alpha = this.alphasCumprod[timestep]
    if (alpha === undefined) throw new RangeError(`timestep ${timestep} is not in 0…${this.length - 1}`)
    return alpha
  }
}

/** Products of 1 − β in single precision, as the reference computes them. */
const cumulativeAlphas = ({ steps, betaStart, betaEnd, betaSchedule }: ScheduleConfig): Float32Array => {
  const root = betaSchedule === "scaled_linear"
  const [from, to] = root ? [Math.sqrt(betaStart), Math.sqrt(betaEnd)] : [betaStart, betaEnd]
  const alphas = new Float32Array(steps)
  let product = 1
  for (let step = 0; step < steps; step++) {
    const even = Math.fround(from + ((to - from) * step) / Math.max(1, steps - 1))
    const beta = root ? Math.fround(even * even) : even
    product = Math.fround(product * Math.fround(1 - beta))
    alphas[step] = product
  }
  return alphas
}
