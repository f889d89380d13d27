import * as tf from "@tensorflow/tfjs-core"
import { isFrozen } from "./frozen.ts"
import { savedAt, withGradient } from "./gradient.ts"
import { reshape } from "./reshape.ts"
import { plusShift } from "./sums.ts"

/** Rows and columns of zeros around an image: the same number on every side, or [[top, bottom], [left, right]]. */
export type Padding = number | readonly [readonly [number, number], readonly [number, number]]

export interface ConvolutionOptions {
  /** In both directions; 1 when absent. */
  readonly stride?: number
  /** 0 when absent. */
  readonly padding?: Padding
}

/**
 * Two-dimensional convolution.
 *
 * @param x [batch, height, width, in]
 * @param kernel [height, width, in, out]
 * @param bias [out]
 * @returns [batch, height', width', out]
 */
export const conv2d = (
  x: tf.Tensor,
  kernel: tf.Tensor,
  bias?: tf.Tensor,
  { stride = 1, padding = 0 }: ConvolutionOptions = {},
): tf.Tensor => {
  const [batch = 0, height = 0, width = 0, inputs = 0] = x.shape
  const [rows = 0, columns = 0, kernelInputs = 0, outputs = 0] = kernel.shape
  if (x.rank !== 4 || kernel.rank !== 4 || inputs !== kernelInputs) {
    throw new Error(`conv2d: the image is [${x.shape}], the kernel [${kernel.shape}]; their channels differ`)
  }
  const product =
    rows === 1 && columns === 1 && stride === 1 && padding === 0
      ? reshape(pointwise(reshape(x, [-1, inputs]), kernel), [batch, height, width, outputs])
      : convolve(x, kernel, stride, padding)
  return bias === undefined ? product : plusShift(product, bias)
}

const convolve = (x: tf.Tensor, kernel: tf.Tensor, stride: number, padding: Padding): tf.Tensor => {
  const [batch = 0, height = 0, width = 0, inputs = 0] = x.shape
  const [rows = 0, columns = 0] = kernel.shape
  const [[top, bottom], [left, right]] =
    typeof padding === "number" ? [[padding, padding] as const, [padding, padding] as const] : padding
  const image = reshape<tf.Rank.R4>(x, [batch, height, width, inputs])
  const around = [top, bottom, left, right]
  // With stride 1 and an odd kernel "same" pads equally on all sides, as asked for here, without a copy of the image.
  if (stride === 1 && around.every((side) => 2 * side + 1 === rows && 2 * side + 1 === columns)) {
    return convolution(image, kernel, 1, "same")
  }
  const padded = around.some((side) => side > 0)
    ? tf.pad(image, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ])
    : image
  return convolution(padded, kernel, stride, "valid")
}

/** A 1×1 kernel over rows of channels, [rows, in]. */
const pointwise = (rows: tf.Tensor, kernel: tf.Tensor): tf.Tensor => {
  const weight = (given: tf.Tensor) => tf.reshape(given, given.shape.slice(2))
  if (!isFrozen(kernel)) return tf.matMul(rows, weight(kernel))
  return withGradient(
    [rows],
    (save) => {
      save(kernel)
      return tf.matMul(rows, weight(kernel))
    },
    (gradient, saved) => [tf.matMul(gradient, weight(savedAt(saved, 0)), false, true)],
  )
}

/** TensorFlow.js's convolution keeps the image for the kernel's gradient, which a frozen kernel does not have. */
const convolution = (
  image: tf.Tensor4D,
  kernel: tf.Tensor,
  stride: number,
  pad: "same" | "valid",
): tf.Tensor4D => {
  const [rows = 0, columns = 0, inputs = 0, outputs = 0] = kernel.shape
  const filter = tf.reshape<tf.Rank.R4>(kernel, [rows, columns, inputs, outputs])
  if (!isFrozen(kernel)) return tf.conv2d(image, filter, stride, pad)
  const { shape } = image
  return withGradient(
    [image],
    (save) => {
      save(filter)
      return tf.conv2d(image, filter, stride, pad)
    },
    (gradient, saved) => {
      const given = { dy: gradient, filter: savedAt(saved, 0) }
      const attributes = { strides: stride, pad, dataFormat: "NHWC", inputShape: shape }
      return [tf.engine().runKernel<tf.Tensor>(tf.Conv2DBackpropInput, given, attributes)]
    },
  )
}

/**
 * Every pixel four times.
 *
 * @param x [batch, height, width, channels]
 * @returns [batch, 2·height, 2·width, channels]
 */
export const upsampleNearest2x = (x: tf.Tensor): tf.Tensor => {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape
  const image = reshape<tf.Rank.R4>(x, [batch, height, width, channels])
  return withGradient<tf.Tensor4D>(
    [image],
    () => tf.image.resizeNearestNeighbor(image, [2 * height, 2 * width]),
    (gradient) => [tf.mul(tf.avgPool(gradient, 2, 2, "valid"), 4)],
  )
}
