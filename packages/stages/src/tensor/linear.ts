import * as tf from "@tensorflow/tfjs-core"

/**
 * x · weightᵀ + bias over the last axis.
 *
 * @param x [..., in]
 * @param weight [out, in], as PyTorch keeps it
 * @param bias [out]
 * @returns [..., out]
 */
export const linear = (x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor => {
  const [outputs = 0, inputs = 0] = weight.shape
  if (weight.rank !== 2 || x.shape.at(-1) !== inputs) {
    throw new Error(
      `linear: the input is [${x.shape}], the weight [${weight.shape}]; their last sizes differ`,
    )
  }
  const rows = x.rank === 2 ? x : tf.reshape(x, [-1, inputs])
  const product = tf.matMul(rows, weight, false, true)
  const value = bias === undefined ? product : tf.add(product, bias)
  return x.rank === 2 ? value : tf.reshape(value, [...x.shape.slice(0, -1), outputs])
}

/**
 * The rows of a table by their numbers.
 *
 * @param table [count, width]
 * @param ids int32, of any shape [...]; each in 0…count−1
 * @returns [..., width]
 */
export const embedding = (table: tf.Tensor, ids: tf.Tensor): tf.Tensor => {
  const rows = tf.gather(table, tf.reshape(ids, [ids.size]))
  return tf.reshape(rows, [...ids.shape, table.shape[1] ?? 0])
}
