import * as tf from "@tensorflow/tfjs-core"
import { convolutionInputGradient, geometryOf, padImage, shape4D } from "./convolution-gradient.ts"
import { inputNamed } from "./kernel.ts"
import { matrixProduct } from "./matrix-product.ts"

/** The gradient of a convolution with respect to its kernel, as one product of matrices for each of its pixels. */
export const conv2dBackpropFilter: tf.KernelConfig = {
  kernelName: tf.Conv2DBackpropFilter,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) =>
    tf.tidy(() => {
      const x = inputNamed(inputs, "x")
      const given = inputNamed(inputs, "dy")
      const geometry = geometryOf(x.shape, attrs?.filterShape, attrs)
      const [batch, height, width] = shape4D(given.shape)
      const [rows, columns, channels, outputs] = geometry.kernel
      const [down, right] = geometry.strides
      const gradient = tf.reshape(given, [-1, outputs])
      const padded = padImage(x, geometry.top, geometry.bottom, geometry.left, geometry.right)
      const products: Array<tf.Tensor> = []
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const end = [batch, row + (height - 1) * down + 1, column + (width - 1) * right + 1, channels]
          const seen = tf.stridedSlice(padded, [0, row, column, 0], end, [1, down, right, 1])
          products.push(matrixProduct(tf.reshape(seen, [-1, channels]), gradient, true, false))
        }
      }
      return tf.reshape(tf.stack(products), [rows, columns, channels, outputs])
    }),
}

/** The gradient of a convolution with respect to its image; wasm's own kernel for it is several times slower. */
export const conv2dBackpropInput: tf.KernelConfig = {
  kernelName: tf.Conv2DBackpropInput,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) =>
    tf.tidy(() => {
      const filter = inputNamed(inputs, "filter")
      const geometry = geometryOf(attrs?.inputShape, filter.shape, attrs)
      return convolutionInputGradient(filter, inputNamed(inputs, "dy"), geometry)
    }),
}
