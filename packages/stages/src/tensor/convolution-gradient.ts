import * as tf from "@tensorflow/tfjs-core"

export type Shape4D = readonly [number, number, number, number]

/** A convolution as its gradients need to know it. */
export interface Geometry {
  /** [batch, height, width, channels] of the image. */
  readonly image: Shape4D
  /** [height, width, in, out]. */
  readonly kernel: Shape4D
  readonly strides: readonly [number, number]
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

/**
 * The gradient of a convolution with respect to its image: a convolution of the gradient, its pixels set apart by the
 * strides, with the kernel turned round.
 *
 * @param filter [height, width, in, out]
 * @param given the gradient of the convolution's value, [batch, height', width', out]
 * @returns [batch, height, width, in]
 */
export const convolutionInputGradient = (
  filter: tf.Tensor,
  given: tf.Tensor,
  { image, kernel, strides, top, left }: Geometry,
): tf.Tensor => {
  const [, height, width] = shape4D(given.shape)
  const before = [kernel[0] - 1 - top, kernel[1] - 1 - left] as const
  const after = [
    image[1] + top - reach(height, strides[0]),
    image[2] + left - reach(width, strides[1]),
  ] as const
  if (Math.min(...before, ...after) < 0) throw new Error("a convolution's padding is wider than its kernel")
  const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2])
  const [rows, columns, channels, outputs] = kernel
  const backwards = tf.reshape<tf.Rank.R4>(turned, [rows, columns, outputs, channels])
  const apart = setApart(given, strides)
  // Equal sides are the padding "same" of an odd kernel: the image need not be copied.
  const same =
    [before[0], after[0]].every((side) => 2 * side + 1 === rows) &&
    [before[1], after[1]].every((side) => 2 * side + 1 === columns)
  if (same) return tf.conv2d(tf.reshape<tf.Rank.R4>(apart, [...shape4D(apart.shape)]), backwards, 1, "same")
  return tf.conv2d(padImage(apart, before[0], after[0], before[1], after[1]), backwards, 1, "valid")
}

/** How many pixels so many pixels take when set apart by a stride. */
const reach = (pixels: number, stride: number): number => (pixels - 1) * stride + 1

/** Puts stride − 1 zeros between the pixels. */
const setApart = (x: tf.Tensor, [down, right]: readonly [number, number]): tf.Tensor => {
  const [batch, height, width, channels] = shape4D(x.shape)
  if (down === 1 && right === 1) return x
  const wide = tf.pad(tf.reshape(x, [batch * height * width, 1, channels]), [
    [0, 0],
    [0, right - 1],
    [0, 0],
  ])
  const tall = tf.pad(tf.reshape(wide, [batch * height, 1, width * right * channels]), [
    [0, 0],
    [0, down - 1],
    [0, 0],
  ])
  const whole = tf.reshape(tall, [batch, height * down, width * right, channels])
  return tf.slice(whole, [0, 0, 0, 0], [batch, reach(height, down), reach(width, right), channels])
}

/** An image with zeros around it. */
export const padImage = (
  x: tf.Tensor,
  top: number,
  bottom: number,
  left: number,
  right: number,
): tf.Tensor4D =>
  tf.pad(tf.reshape<tf.Rank.R4>(x, [...shape4D(x.shape)]), [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ])

/** What the kernels of TensorFlow.js are told of a convolution. */
export const geometryOf = (
  image: unknown,
  kernel: unknown,
  attributes: tf.NamedAttrMap | undefined,
): Geometry => {
  const shapes = { image: shape4D(image), kernel: shape4D(kernel) }
  const strides = stridesOf(attributes?.strides)
  const { top, bottom, left, right } = tf.backend_util.computeConv2DInfo(
    [...shapes.image],
    [...shapes.kernel],
    [...strides],
    1,
    paddingOf(attributes?.pad),
  ).padInfo
  return { ...shapes, strides, top, bottom, left, right }
}

export const shape4D = (shape: unknown): Shape4D => {
  const [a, b, c, d]: ReadonlyArray<unknown> = Array.isArray(shape) ? shape : []
  if (typeof a !== "number" || typeof b !== "number" || typeof c !== "number" || typeof d !== "number") {
    throw new Error(`four sizes are needed, not ${JSON.stringify(shape)}`)
  }
  return [a, b, c, d]
}

const stridesOf = (strides: unknown): readonly [number, number] => {
  const [down, right]: ReadonlyArray<unknown> = Array.isArray(strides) ? strides : [strides, strides]
  if (typeof down !== "number" || typeof right !== "number") {
    throw new Error(`these strides are not supported: ${JSON.stringify(strides)}`)
  }
  return [down, right]
}

const paddingOf = (pad: unknown): "same" | "valid" | number => {
  if (pad === "same" || pad === "valid" || typeof pad === "number") return pad
  throw new Error(`this padding is not supported: ${JSON.stringify(pad)}`)
}
