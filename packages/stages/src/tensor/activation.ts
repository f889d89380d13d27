import * as tf from "@tensorflow/tfjs-core"
import { savedAt, withGradient } from "./gradient.ts"
import { reshape } from "./reshape.ts"

/** x · Φ(x) with the normal distribution's Φ, exactly (by erf), of any shape: GELU of Hendrycks and Gimpel (2016). */
export const gelu = <T extends tf.Tensor>(x: T): T =>
  withGradient<T>(
    [x],
    (save) => {
      const share = normalShare(x)
      save(x, share)
      return tf.mul<T>(x, share)
    },
    (gradient, saved) => [tf.mul(gradient, normalSlope(savedAt(saved, 0), savedAt(saved, 1)))],
  )

/**
 * GEGLU (Shazeer, 2020): the first half of the last axis times the GELU of the second.
 *
 * @param x [..., 2·width]
 * @returns [..., width]
 */
export const geglu = (x: tf.Tensor): tf.Tensor => {
  const width = (x.shape.at(-1) ?? 0) / 2
  const rows = reshape(x, [-1, 2 * width])
  const halves = (whole: tf.Tensor): readonly [tf.Tensor, tf.Tensor] => {
    const count = whole.shape[0] ?? 0
    return [tf.slice(whole, [0, 0], [count, width]), tf.slice(whole, [0, width], [count, width])]
  }
  const value = withGradient(
    [rows],
    (save) => {
      const [content, gate] = halves(rows)
      save(rows)
      return tf.mul(tf.mul(content, gate), normalShare(gate))
    },
    (gradient, saved) => {
      const [content, gate] = halves(savedAt(saved, 0))
      // Computed again: kept, it would be half as large as all else that is.
      const share = normalShare(gate)
      const ofGate = tf.mul(tf.mul(gradient, content), normalSlope(gate, share))
      return [tf.concat([tf.mul(tf.mul(gradient, gate), share), ofGate], 1)]
    },
  )
  return reshape(value, [...x.shape.slice(0, -1), width])
}

/** Φ(x): the share of the normal distribution below x. */
const normalShare = <T extends tf.Tensor>(x: T): T =>
  tf.add(tf.mul(tf.erf(tf.mul(x, Math.SQRT1_2)), 0.5), 0.5)

/** The derivative of x · Φ(x), Φ(x) being known. */
const normalSlope = (x: tf.Tensor, share: tf.Tensor): tf.Tensor => {
  const density = tf.exp(tf.mul(tf.square(x), -0.5))
  return tf.add(tf.mul(tf.mul(x, 1 / Math.sqrt(2 * Math.PI)), density), share)
}

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

/** x · σ(steepness · x); its slope is g + z · g · (1 − g), where z is steepness · x and g = σ(z). */
const gated = <T extends tf.Tensor>(x: T, steepness: number): T => {
  const scaled = (given: tf.Tensor) => (steepness === 1 ? given : tf.mul(given, steepness))
  return withGradient<T>(
    [x],
    (save) => {
      save(x)
      return tf.mul<T>(x, tf.sigmoid(scaled(x)))
    },
    (gradient, saved) => {
      const given = scaled(savedAt(saved, 0))
      const gate = tf.sigmoid(given)
      return [tf.mul(gradient, tf.add(gate, tf.mul(tf.mul(given, gate), tf.sub(1, gate))))]
    },
  )
}
