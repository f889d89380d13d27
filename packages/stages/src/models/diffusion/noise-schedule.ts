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
    return tf.tidy(() => {
      const { signal, noisy } = this.#shares(x, timesteps)
      return tf.add(tf.mul(x, signal), tf.mul(noise, noisy))
    })
  }

  /** What the UNet should predict: the noise, or the velocity √ᾱ · noise − √(1 − ᾱ) · x. */
  targetOf(x: tf.Tensor, noise: tf.Tensor, timesteps: Int32Array): tf.Tensor {
    if (this.config.prediction === "epsilon") return noise
    return tf.tidy(() => {
      const { signal, noisy } = this.#shares(x, timesteps)
      return tf.sub(tf.mul(noise, signal), tf.mul(x, noisy))
    })
  }

  /** √ᾱ and √(1 − ᾱ) for each row of x. */
  #shares(x: tf.Tensor, timesteps: Int32Array): Readonly<Record<"signal" | "noisy", tf.Tensor>> {
    const shape = [timesteps.length, ...x.shape.slice(1).map(() => 1)]
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
