import * as tf from "@tensorflow/tfjs-core"
import type { ScheduleConfig } from "./schedule-config.ts"

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
   * @param timesteps one for each row of x
   */
  addNoise(x: tf.Tensor, noise: tf.Tensor, timesteps: Int32Array): tf.Tensor {
    const shape = [timesteps.length, ...x.shape.slice(1).map(() => 1)]
    const signal = tf.tensor(
      Float32Array.from(timesteps, (timestep) => Math.sqrt(this.alphaAt(timestep))),
      shape,
    )
    const noisy = tf.tensor(
      Float32Array.from(timesteps, (timestep) => Math.sqrt(1 - this.alphaAt(timestep))),
      shape,
    )
    return tf.add(tf.mul(x, signal), tf.mul(noise, noisy))
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
