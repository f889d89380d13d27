import * as tf from "@tensorflow/tfjs-core"

/** Types of attributes, as TensorFlow's C interface numbers them. */
export const ATTRIBUTE = { text: 0, integer: 1, float: 2, boolean: 3, type: 4, shape: 5 } as const

/** An attribute of one of TensorFlow's operations; its type is one of `ATTRIBUTE`. */
export interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** A tensor that TensorFlow holds, by the number that its binding gave it; types are numbered as in its C interface. */
export interface HeldTensor {
  readonly id: number
  readonly shape: Array<number>
  readonly dtype: number
}

/** What of tfjs-node's binding is used here. */
export interface Binding {
  executeOp(
    name: string,
    attributes: Array<Attribute>,
    inputs: Array<number>,
    outputs: number,
  ): Array<HeldTensor>
  loadSavedModel(folder: string, tags: string): number
  runSavedModel(
    session: number,
    inputs: Array<number>,
    inputNames: string,
    outputNames: string,
  ): Array<HeldTensor>
  deleteSavedModel(session: number): void
}

/** An input of an operation: a tensor, or a 64-bit integer, which TensorFlow.js has no tensors of. */
export type OperationInput = tf.TensorInfo | { readonly valueArray: Int32Array }

/** tfjs-node's backend, which runs TensorFlow's operations by their names. */
export interface NodeBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean
  readonly binding: Binding
  readonly tensorMap: {
    /** `values` are there as long as TensorFlow hasn't been given them. */
    get(dataId: tf.DataId): { readonly dtype: number; readonly values: ArrayBufferView | null }
  }
  executeSingleOutput(name: string, attributes: Array<Attribute>, inputs: Array<OperationInput>): tf.Tensor
  executeMultipleOutputs(
    name: string,
    attributes: Array<Attribute>,
    inputs: Array<OperationInput>,
    outputs: number,
  ): Array<tf.Tensor>
  /** The numbers of tensors; gives TensorFlow the values of those that it hasn't got yet. */
  getInputTensorIds(inputs: ReadonlyArray<OperationInput>): Array<number>
  createOutputTensor(held: HeldTensor): tf.Tensor
}

/** TensorFlow.js's name of the native backend. */
export const NATIVE = "tensorflow"

/** Whether a backend is tfjs-node's. */
export const isNodeBackend = (backend: tf.KernelBackend | null): backend is NodeBackend =>
  backend !== null && "executeSingleOutput" in backend && "binding" in backend

/** The native backend, which must be loaded. */
export const nodeBackend = (): NodeBackend => {
  const backend = tf.findBackend(NATIVE)
  if (!isNodeBackend(backend)) throw new Error("this needs the native backend")
  return backend
}
