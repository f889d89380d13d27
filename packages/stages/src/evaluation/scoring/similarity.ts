import * as tf from "@tensorflow/tfjs-core"
import type { Features } from "../features.ts"

/** How many similarities are in memory at a time: 16 MB. */
const CELLS = 2 ** 22

/**
 * The scalar product of every row of one set with every row of another, `[count, columns.count]` at a time in the rows'
 * order.
 *
 * @param scale what the rows are multiplied by
 */
export const similarityBlocks = (
  rows: Features,
  columns: Features,
  use: (block: Float32Array, start: number) => void,
  { scale = 1, cells = CELLS }: { readonly scale?: number; readonly cells?: number } = {},
): void => {
  const right = tf.tensor2d(columns.values, [columns.count, columns.width])
  const step = Math.max(1, Math.floor(cells / columns.count))
  for (let start = 0; start < rows.count; start += step) {
    const count = Math.min(step, rows.count - start)
    const block = tf.tidy(() => {
      const values = rows.values.subarray(start * rows.width, (start + count) * rows.width)
      const left = tf.tensor2d(values, [count, rows.width])
      return tf.matMul(scale === 1 ? left : tf.mul(left, scale), right, false, true)
    })
    const values = block.dataSync<"float32">()
    block.dispose()
    use(values, start)
  }
  right.dispose()
}
