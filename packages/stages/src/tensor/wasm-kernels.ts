import * as tf from "@tensorflow/tfjs-core"
import { inputNamed, registerMissing } from "./kernel.ts"

/** Registers the kernels that TensorFlow.js's wasm backend lacks and training needs. */
export const registerWasmKernels = (): void => {
  for (const kernel of [unsortedSegmentSum, conv2dBackpropFilter]) registerMissing(kernel)
}

const numberNamed = (attributes: tf.NamedAttrMap | undefined, name: string): number => {
  const value = attributes?.[name]
  if (typeof value !== "number") throw new Error(`a number named ${name} is needed`)
  return value
}

/** Adds up the rows of `x` that have the same segment id: the gradient of `gather`. */
const unsortedSegmentSum: tf.KernelConfig = {
  kernelName: tf.UnsortedSegmentSum,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const x = inputNamed(inputs, "x")
    const segments = numberNamed(attrs, "numSegments")
    const rows = x.shape[0] ?? 0
    const width = rows === 0 ? 0 : x.size / rows
    const values = x.dataSync()
    const ids = inputNamed(inputs, "segmentIds").dataSync()
    const sums = new Float32Array(segments * width)
    for (let row = 0; row < rows; row++) {
      const target = (ids[row] ?? -1) * width
      if (target < 0) continue
      for (let column = 0; column < width; column++) {
        sums[target + column] = (sums[target + column] ?? 0) + (values[row * width + column] ?? 0)
      }
    }
    return tf.tensor(sums, [segments, ...x.shape.slice(1)], x.dtype === "int32" ? "int32" : "float32")
  },
}

type Shape4D = readonly [number, number, number, number]

const shape4D = (shape: unknown): Shape4D => {
  const [a, b, c, d]: ReadonlyArray<unknown> = Array.isArray(shape) ? shape : []
  if (typeof a !== "number" || typeof b !== "number" || typeof c !== "number" || typeof d !== "number") {
    throw new Error(`four sizes are needed, not ${JSON.stringify(shape)}`)
  }
  return [a, b, c, d]
}

const paddingOf = (pad: unknown): "same" | "valid" | number => {
  if (pad === "same" || pad === "valid" || typeof pad === "number") return pad
  throw new Error(`this padding is not supported: ${JSON.stringify(pad)}`)
}

/** The gradient of a convolution with respect to its kernel, as one product of matrices for each of its pixels. */
const conv2dBackpropFilter: tf.KernelConfig = {
  kernelName: tf.Conv2DBackpropFilter,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) =>
    tf.tidy(() => {
      const gradient = tf.reshape(inputNamed(inputs, "dy"), [-1, shape4D(attrs?.filterShape)[3]])
      const x = inputNamed(inputs, "x")
      const [rows, columns, channels, outputs] = shape4D(attrs?.filterShape)
      const [stepDown, stepRight] = Array.isArray(attrs?.strides)
        ? attrs.strides
        : [attrs?.strides, attrs?.strides]
      if (typeof stepDown !== "number" || typeof stepRight !== "number")
        throw new Error("strides are numbers")
      const [batch, height, width] = shape4D(inputNamed(inputs, "dy").shape)
      const { top, bottom, left, right } = tf.backend_util.computeConv2DInfo(
        [...shape4D(x.shape)],
        [rows, columns, channels, outputs],
        [stepDown, stepRight],
        1,
        paddingOf(attrs?.pad),
      ).padInfo
      const padded = tf.pad(x, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ])
      const products: Array<tf.Tensor> = []
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const seen = tf.stridedSlice(
            padded,
            [0, row, column, 0],
            [batch, row + (height - 1) * stepDown + 1, column + (width - 1) * stepRight + 1, channels],
            [1, stepDown, stepRight, 1],
          )
          products.push(tf.matMul(tf.reshape(seen, [-1, channels]), gradient, true, false))
        }
      }
      return tf.reshape(tf.stack(products), [rows, columns, channels, outputs])
    }),
}
