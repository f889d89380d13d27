import * as tf from "@tensorflow/tfjs-core"
import { withGradient } from "./gradient.ts"

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
      ? tf.reshape(tf.matMul(tf.reshape(x, [-1, inputs]), tf.reshape(kernel, [inputs, outputs])), [
          batch,
          height,
          width,
          outputs,
        ])
      : convolve(x, kernel, stride, padding)
  return bias === undefined ? product : tf.add(product, bias)
}

const convolve = (x: tf.Tensor, kernel: tf.Tensor, stride: number, padding: Padding): tf.Tensor => {
  const [batch = 0, height = 0, width = 0, inputs = 0] = x.shape
  const [rows = 0, columns = 0, , outputs = 0] = kernel.shape
  const [[top, bottom], [left, right]] =
    typeof padding === "number" ? [[padding, padding] as const, [padding, padding] as const] : padding
  const image = tf.reshape<tf.Rank.R4>(x, [batch, height, width, inputs])
  const filter = tf.reshape<tf.Rank.R4>(kernel, [rows, columns, inputs, outputs])
  const around = [top, bottom, left, right]
  // With stride 1 and an odd kernel "same" pads equally on all sides, as asked for here, without a copy of the image.
  if (stride === 1 && around.every((side) => 2 * side + 1 === rows && 2 * side + 1 === columns)) {
    return tf.conv2d(image, filter, 1, "same")
  }
  const padded = around.some((side) => side > 0)
    ? tf.pad(image, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ])
    : image
  return tf.conv2d(padded, filter, stride, "valid")
}

/**
 * Every pixel four times.
 *
 * @param x [batch, height, width, channels]
 * @returns [batch, 2·height, 2·width, channels]
 */
export const upsampleNearest2x = (x: tf.Tensor): tf.Tensor => {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape
  const image = tf.reshape<tf.Rank.R4>(x, [batch, height, width, channels])
  return withGradient<tf.Tensor4D>(
    [image],
    () => tf.image.resizeNearestNeighbor(image, [2 * height, 2 * width]),
    (gradient) => [tf.mul(tf.avgPool(gradient, 2, 2, "valid"), 4)],
  )
}
