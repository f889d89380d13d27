import * as tf from "@tensorflow/tfjs-core"
import { attentionInBlocks } from "./attention-in-blocks.ts"
import { savedAt, withGradient } from "./gradient.ts"

/** Scores above which attention is computed in blocks: 32 MB, which processors keep near. */
const SCORES_AT_ONCE = 2 ** 23

/**
 * Scaled dot-product attention with several heads (Vaswani et al., 2017).
 *
 * @param q [batch, queries, width]
 * @param k [batch, keys, width]
 * @param v [batch, keys, width]
 * @param heads divides the width
 * @param mask [queries, keys], added to the scores; no gradient is taken with respect to it
 * @returns [batch, queries, width]
 */
export const attention = (
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  heads: number,
  mask?: tf.Tensor,
): tf.Tensor => {
  const width = q.shape.at(-1) ?? 0
  if (width % heads !== 0) throw new Error(`attention: ${heads} heads do not divide a width of ${width}`)
  const scale = Math.sqrt(heads / width)
  const [batch = 0, queryCount = 0] = q.shape
  const scoresOfQuery = batch * heads * (k.shape[1] ?? 0)
  if (scoresOfQuery * queryCount > SCORES_AT_ONCE) {
    const divided = {
      queries: toHeads(tf.mul(q, scale), heads),
      keys: toHeads(k, heads),
      values: toHeads(v, heads),
      mask,
    }
    const blocks = Math.min(queryCount, Math.ceil((scoresOfQuery * queryCount) / SCORES_AT_ONCE))
    return fromHeads(attentionInBlocks(divided, Math.ceil(queryCount / blocks)))
  }
  return withGradient(
    [q, k, v],
    (save) => {
      const queries = toHeads(tf.mul(q, scale), heads)
      const [keys, values] = [toHeads(k, heads), toHeads(v, heads)]
      const scores = tf.matMul(queries, keys, false, true)
      const shares = tf.softmax(mask === undefined ? scores : tf.add(scores, mask))
      const mixed = tf.matMul(shares, values)
      save(queries, keys, values, shares, mixed)
      return fromHeads(mixed)
    },
    (gradient, saved) => {
      const [queries, keys, values] = [savedAt(saved, 0), savedAt(saved, 1), savedAt(saved, 2)]
      const shares = savedAt(saved, 3)
      const outer = toHeads(gradient, heads)
      // Rows of shares · (their gradient) sum to the product of value and gradient: a smaller sum than over the keys.
      const drift = tf.sum(tf.mul(outer, savedAt(saved, 4)), -1, true)
      const ofScores = tf.mul(shares, tf.sub(tf.matMul(outer, values, false, true), drift))
      return [
        tf.mul(fromHeads(tf.matMul(ofScores, keys)), scale),
        fromTransposedHeads(tf.matMul(queries, ofScores, true, false)),
        fromTransposedHeads(tf.matMul(outer, shares, true, false)),
      ]
    },
  )
}

/** [batch, tokens, width] → [batch, heads, tokens, width/heads]. */
const toHeads = (x: tf.Tensor, heads: number): tf.Tensor => {
  const [batch = 0, tokens = 0, width = 0] = x.shape
  return tf.transpose(tf.reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3])
}

/** [batch, heads, tokens, size] → [batch, tokens, heads·size]. */
const fromHeads = (x: tf.Tensor): tf.Tensor => {
  const [batch = 0, heads = 0, tokens = 0, size = 0] = x.shape
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * size])
}

/** [batch, heads, size, tokens] → [batch, tokens, heads·size]: the cheaper order of a product transposes its result. */
const fromTransposedHeads = (x: tf.Tensor): tf.Tensor => {
  const [batch = 0, heads = 0, size = 0, tokens = 0] = x.shape
  return tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [batch, tokens, heads * size])
}
