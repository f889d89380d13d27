import * as tf from "@tensorflow/tfjs-core"
import { convolutionInputGradient, type Geometry, geometryOf } from "./convolution-gradient.ts"
import { inputNamed } from "./kernel.ts"
import { ATTRIBUTE, type Attribute, NATIVE, nodeBackend } from "./node-backend.ts"

/** TensorFlow's number of the type float32. */
const FLOAT = 1

/**
 * Puts faster kernels in the place of the native backend's own.
 *
 * TensorFlow's wheel has two products of matrices: Eigen's, which runs wide results on one thread and is half as fast with
 * a transposed second matrix, and oneDNN's, which is as fast as PyTorch's; its convolutions are fast with Eigen only.
 * TensorFlow chooses between the two for all operations at once, by processor; here every processor gets the same. A GPU
 * has kernels of its own.
 */
export const registerNativeKernels = (): void => {
  if (nodeBackend().isUsingGpuDevice) return
  if (hasOneDnn()) {
    replaceKernel(tf.BatchMatMul, fastProduct)
    replaceKernel(tf.Softmax, fastSoftmax)
  }
  replaceKernel(tf.Conv2DBackpropInput, fastInputGradient)
}

const replaceKernel = (kernelName: string, makeKernel: (stock: tf.KernelFunc) => tf.KernelFunc): void => {
  const stock = tf.getKernel(kernelName, NATIVE)
  tf.unregisterKernel(kernelName, NATIVE)
  tf.registerKernel({ ...stock, kernelFunc: makeKernel(stock.kernelFunc) })
}

/** oneDNN's kernels are there on x86; they are found by this label, which TensorFlow itself sets on what it rewrites. */
const ONE_DNN: Attribute = { name: "_kernel", type: ATTRIBUTE.text, value: "MklNameChangeOp" }

const oneDnnProduct = (
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): tf.Tensor => {
  const attributes = [
    { name: "T", type: ATTRIBUTE.type, value: FLOAT },
    { name: "adj_x", type: ATTRIBUTE.boolean, value: transposeA },
    { name: "adj_y", type: ATTRIBUTE.boolean, value: transposeB },
    ONE_DNN,
  ]
  return nodeBackend().executeSingleOutput("_MklBatchMatMulV2", attributes, [a, b])
}

const hasOneDnn = (): boolean => {
  try {
    tf.tidy(() => oneDnnProduct(tf.ones([1, 1]), tf.ones([1, 1]), false, true).dataSync())
    return true
  } catch {
    return false
  }
}

const fastProduct =
  (stock: tf.KernelFunc): tf.KernelFunc =>
  (call) => {
    const [a, b] = [inputNamed(call.inputs, "a"), inputNamed(call.inputs, "b")]
    if (a.dtype !== "float32" || b.dtype !== "float32" || a.size === 0 || b.size === 0) return stock(call)
    return oneDnnProduct(a, b, call.attrs?.transposeA === true, call.attrs?.transposeB === true)
  }

const fastSoftmax = (): tf.KernelFunc => (call) => {
  const logits = inputNamed(call.inputs, "logits")
  const attributes = [{ name: "T", type: ATTRIBUTE.type, value: FLOAT }, ONE_DNN]
  return nodeBackend().executeSingleOutput("_MklSoftmax", attributes, [logits])
}

/** Products in a convolution below which the stock kernel's single operation is the fastest. */
const SMALL = 2 ** 24
/** Pixels from which turning the kernel round costs less than adding up shifted images. */
const MANY_PIXELS = 2048

const fastInputGradient =
  (stock: tf.KernelFunc): tf.KernelFunc =>
  (call) => {
    const [filter, gradient] = [inputNamed(call.inputs, "filter"), inputNamed(call.inputs, "dy")]
    const geometry = geometryOf(call.attrs?.inputShape, filter.shape, call.attrs)
    const pixels = gradient.size / (gradient.shape[3] ?? 1)
    if (geometry.strides.some((stride) => stride !== 1) || filter.size * pixels < SMALL) return stock(call)
    return tf.tidy(() =>
      pixels >= MANY_PIXELS
        ? convolutionInputGradient(filter, gradient, geometry)
        : shiftedProducts(filter, gradient, geometry),
    )
  }

/** One product gives what every pixel of the gradient adds through each weight of the kernel; shifted, these add up. */
const shiftedProducts = (filter: tf.Tensor, gradient: tf.Tensor, geometry: Geometry): tf.Tensor => {
  const { image, kernel, top, left } = geometry
  const [rows, columns, channels, outputs] = kernel
  const [batch = 0, height = 0, width = 0] = gradient.shape
  const pixels = tf.reshape(gradient, [-1, outputs])
  const weights = tf.reshape(filter, [rows * columns * channels, outputs])
  const products = tf.reshape(tf.matMul(pixels, weights, false, true), [batch, height, width, -1])
  // Room on all sides, so that every shift is a slice.
  const padded = tf.pad(products, [
    [0, 0],
    [rows - 1, image[1] + rows - 1 - height],
    [columns - 1, image[2] + columns - 1 - width],
    [0, 0],
  ])
  const shifts = Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns]
    const begin = [0, rows - 1 + top - row, columns - 1 + left - column, at * channels]
    return tf.slice(padded, begin, [batch, image[1], image[2], channels])
  })
  return tf.addN(shifts)
}
