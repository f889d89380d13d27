import * as tf from "@tensorflow/tfjs-core"
import { inputNamed, registerMissing } from "./kernel.ts"
import { conv2dBackpropFilter, conv2dBackpropInput } from "./wasm-convolution.ts"

/**
 * Registers the kernels that TensorFlow.js's wasm backend lacks and training needs, and a faster one for the gradient of
 * convolutions.
 */
export const registerWasmKernels = (): void => {
  tf.unregisterKernel(conv2dBackpropInput.kernelName, conv2dBackpropInput.backendName)
  for (const kernel of [unsortedSegmentSum, conv2dBackpropFilter, conv2dBackpropInput])
    registerMissing(kernel)
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
