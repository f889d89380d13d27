import * as tf from "@tensorflow/tfjs-core"
import { savedAt, withGradient } from "./gradient.ts"

/** x · Φ(x) with the normal distribution's Φ, exactly (by erf), of any shape: GELU of Hendrycks and Gimpel (2016). */
export const gelu = <T extends tf.Tensor>(x: T): T =>
  withGradient<T>(
    [x],
    (save) => {
      const share = tf.add(tf.mul(tf.erf(tf.mul(x, Math.SQRT1_2)), 0.5), 0.5)
      save(x, share)
      return tf.mul<T>(x, share)
    },
    (gradient, saved) => {
      const input = savedAt(saved, 0)
      const density = tf.exp(tf.mul(tf.square(input), -0.5))
      const slope = tf.add(tf.mul(tf.mul(input, 1 / Math.sqrt(2 * Math.PI)), density), savedAt(saved, 1))
      return [tf.mul(gradient, slope)]
    },
  )

/** GELU with Φ approximated by tanh (PyTorch's `approximate="tanh"`), of any shape. */
export const geluTanh = <T extends tf.Tensor>(x: T): T =>
  withGradient<T>(
    [x],
    (save) => {
      const inner = tf.mul(x, tf.add(tf.mul(tf.square(x), ROOT * CUBE), ROOT))
      const share = tf.add(tf.mul(tf.tanh(inner), 0.5), 0.5)
      save(x, share)
      return tf.mul<T>(x, share)
    },
    (gradient, saved) => {
      const [input, share] = [savedAt(saved, 0), savedAt(saved, 1)]
      const inward = tf.add(tf.mul(tf.square(input), 3 * ROOT * CUBE), ROOT)
      const bend = tf.mul(tf.mul(share, tf.sub(1, share)), 2)
      return [tf.mul(gradient, tf.add(share, tf.mul(tf.mul(input, bend), inward)))]
    },
  )

const ROOT = Math.sqrt(2 / Math.PI)
const CUBE = 0.044715

/** x · σ(1.702 x), of any shape: the approximation of GELU that OpenAI's CLIP uses. */
export const quickGelu = <T extends tf.Tensor>(x: T): T => gated(x, 1.702)

/** x · σ(x), of any shape: SiLU, also called swish. */
export const silu = <T extends tf.Tensor>(x: T): T => gated(x, 1)

/** x · σ(steepness · x); its slope is g + steepness · y · (1 − g), where g is the gate and y the value. */
const gated = <T extends tf.Tensor>(x: T, steepness: number): T =>
  withGradient<T>(
    [x],
    (save) => {
      const gate = tf.sigmoid(steepness === 1 ? x : tf.mul(x, steepness))
      const value = tf.mul<T>(x, gate)
      save(gate, value)
      return value
    },
    (gradient, saved) => {
      const gate = savedAt(saved, 0)
      const value = savedAt(saved, 1)
      const scaled = steepness === 1 ? value : tf.mul(value, steepness)
      return [tf.mul(gradient, tf.add(gate, tf.mul(scaled, tf.sub(1, gate))))]
    },
  )
