import * as tf from "@tensorflow/tfjs-core"

/**
 * The product of two matrices, either of them transposed first. The fast product of wasm takes them only as they are, so
 * that there they are transposed before; elsewhere that would cost more.
 */
export const matrixProduct = (
  a: tf.Tensor,
  b: tf.Tensor,
  transposeFirst: boolean,
  transposeSecond: boolean,
): tf.Tensor => {
  if (tf.getBackend() !== "wasm") return tf.matMul(a, b, transposeFirst, transposeSecond)
  return tf.matMul(transposeFirst ? tf.transpose(a) : a, transposeSecond ? tf.transpose(b) : b)
}
