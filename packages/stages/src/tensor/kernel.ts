import * as tf from "@tensorflow/tfjs-core"

/** The names by which TensorFlow.js knows the three backends. */
const BACKENDS = ["tensorflow", "wasm", "cpu"] as const

/** Makes a kernel known to TensorFlow.js, unless its backend has one. */
export const registerMissing = (kernel: tf.KernelConfig): void => {
  if (tf.getKernel(kernel.kernelName, kernel.backendName) === undefined) tf.registerKernel(kernel)
}

/** Makes a kernel that is composed of others known to every backend. */
export const registerComposed = (
  kernelName: string,
  compute: (inputs: tf.NamedTensorInfoMap) => tf.Tensor,
): void => {
  for (const backendName of BACKENDS) {
    registerMissing({ kernelName, backendName, kernelFunc: ({ inputs }) => tf.tidy(() => compute(inputs)) })
  }
}

export const inputNamed = (inputs: tf.NamedTensorInfoMap, name: string): tf.Tensor => {
  const input = inputs[name]
  if (!(input instanceof tf.Tensor)) throw new Error(`a tensor named ${name} is needed`)
  return input
}
