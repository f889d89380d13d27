import * as tf from "@tensorflow/tfjs-core"
import { linear, type Parameters, silu } from "../../tensor/index.ts"

/** The longest wavelength of the embedding, in timesteps, over 2π. */
const MAX_PERIOD = 10_000

/** How sines and cosines of the timestep are laid out. */
export interface SinusoidalLayout {
  /** Cosines first. */
  readonly flipSinToCos: boolean
  readonly frequencyShift: number
}

/** diffusers' Timesteps: sines and cosines of each timestep, `[batch, width]`. */
export const sinusoidalEmbedding = (
  timesteps: Int32Array,
  width: number,
  { flipSinToCos, frequencyShift }: SinusoidalLayout,
): tf.Tensor2D => {
  const half = Math.floor(width / 2)
  const values = new Float32Array(timesteps.length * width)
  timesteps.forEach((timestep, row) => {
    for (let index = 0; index < half; index++) {
      // Rounded to single precision where the reference rounds.
      const frequency = Math.fround(Math.exp((-Math.log(MAX_PERIOD) * index) / (half - frequencyShift)))
      const angle = Math.fround(timestep * frequency)
      const [sine, cosine] = [Math.sin(angle), Math.cos(angle)]
      values[row * width + index] = flipSinToCos ? cosine : sine
      values[row * width + half + index] = flipSinToCos ? sine : cosine
    }
  })
  return tf.tensor2d(values, [timesteps.length, width])
}

/**
 * diffusers' TimestepEmbedding, followed by the SiLU with which every block begins its use of it.
 *
 * @returns [batch, 4 · first channels]
 */
export const timeEmbedding = (layer: Parameters, sinusoidal: tf.Tensor): tf.Tensor => {
  const hidden = silu(linear(sinusoidal, layer.at("linear_1.weight"), layer.at("linear_1.bias")))
  return silu(linear(hidden, layer.at("linear_2.weight"), layer.at("linear_2.bias")))
}
