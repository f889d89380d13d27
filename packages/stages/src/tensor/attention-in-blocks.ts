import * as tf from "@tensorflow/tfjs-core"
import { savedAt, withGradient } from "./gradient.ts"

/** Divided heads: [batch, heads, tokens, size]; the queries are scaled. */
export interface Heads {
  readonly queries: tf.Tensor
  readonly keys: tf.Tensor
  readonly values: tf.Tensor
  /** [queries, keys], added to the scores. */
  readonly mask: tf.Tensor | undefined
}

/**
 * Attention that never holds the scores of more than some queries at a time: the gradient computes them again from the
 * queries and keys, so that memory grows with the tokens and not with their square (Rabe and Staats, 2021).
 *
 * @param rows how many queries are looked at together
 * @returns [batch, heads, queries, size]
 */
export const attentionInBlocks = ({ queries, keys, values, mask }: Heads, rows: number): tf.Tensor =>
  withGradient(
    [queries, keys, values],
    (save) => {
      const mixed = tf.concat(
        blocksOf(queries, rows).map((start) =>
          tf.tidy(() => tf.matMul(sharesOf(queries, keys, mask, start, rows), values)),
        ),
        2,
      )
      save(queries, keys, values, mixed, ...(mask === undefined ? [] : [mask]))
      return mixed
    },
    (gradient, saved) => {
      const [q, k, v, mixed] = [savedAt(saved, 0), savedAt(saved, 1), savedAt(saved, 2), savedAt(saved, 3)]
      let [ofKeys, ofValues]: [tf.Tensor, tf.Tensor] = [tf.zerosLike(k), tf.zerosLike(v)]
      const ofQueries = blocksOf(q, rows).map((start) => {
        const next = tf.tidy(() => {
          const outer = rowsOf(gradient, start, rows)
          const shares = sharesOf(q, k, saved[4], start, rows)
          const drift = tf.sum(tf.mul(outer, rowsOf(mixed, start, rows)), -1, true)
          const ofScores = tf.mul(shares, tf.sub(tf.matMul(outer, v, false, true), drift))
          return {
            queries: tf.matMul(ofScores, k),
            keys: tf.add(ofKeys, tf.matMul(ofScores, rowsOf(q, start, rows), true, false)),
            values: tf.add(ofValues, tf.matMul(shares, outer, true, false)),
          }
        })
        tf.dispose([ofKeys, ofValues])
        ofKeys = next.keys
        ofValues = next.values
        return next.queries
      })
      return [tf.concat(ofQueries, 2), ofKeys, ofValues]
    },
  )

/** Where each block of queries starts. */
const blocksOf = (queries: tf.Tensor, rows: number): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil((queries.shape[2] ?? 0) / rows) }, (_, block) => block * rows)

const rowsOf = (x: tf.Tensor, start: number, rows: number): tf.Tensor => {
  const [batch = 0, heads = 0, tokens = 0, size = 0] = x.shape
  return tf.slice(x, [0, 0, start, 0], [batch, heads, Math.min(rows, tokens - start), size])
}

const sharesOf = (
  queries: tf.Tensor,
  keys: tf.Tensor,
  mask: tf.Tensor | undefined,
  start: number,
  rows: number,
): tf.Tensor => {
  const some = rowsOf(queries, start, rows)
  const scores = tf.matMul(some, keys, false, true)
  if (mask === undefined) return tf.softmax(scores)
  const [count = 0, width = 0] = [some.shape[2], mask.shape[1]]
  return tf.softmax(tf.add(scores, tf.slice(mask, [start, 0], [count, width])))
}
