import * as tf from "@tensorflow/tfjs-core"
import type { Features } from "./features.ts"

/**
 * The scalar product of every row of one set with every row of another: `[rows.count, columns.count]`.
 *
 * @param cells how many of them are computed at once; by default 64 MB
 */
export const similarities = (rows: Features, columns: Features, cells = 2 ** 24): Float32Array => {
  const result = new Float32Array(rows.count * columns.count)
  const right = tf.tensor2d(columns.values, [columns.count, columns.width])
  const step = Math.max(1, Math.floor(cells / columns.count))
  for (let start = 0; start < rows.count; start += step) {
    const count = Math.min(step, rows.count - start)
    const block = tf.tidy(() => {
      const values = rows.values.subarray(start * rows.width, (start + count) * rows.width)
      return tf.matMul(tf.tensor2d(values, [count, rows.width]), right, false, true)
    })
    result.set(block.dataSync(), start * columns.count)
    block.dispose()
  }
  right.dispose()
  return result
}
