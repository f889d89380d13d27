import * as tf from "@tensorflow/tfjs-core"
import {
  type CheckpointFile,
  openCheckpoint,
  type StoredTensor,
  type TensorToStore,
  writeSafetensors,
} from "../formats/index.ts"
import { Parameters } from "./parameters.ts"

/** From PyTorch's [out, in, height, width] to TensorFlow's [height, width, in, out], and back. */
const KERNEL_FROM_CHECKPOINT = [2, 3, 1, 0]
const KERNEL_TO_CHECKPOINT = [3, 2, 0, 1]

/**
 * Reads the parameters of a model. Numbers of any float type become float32, whole numbers int32.
 *
 * @param file a checkpoint of any format
 * @param view another view of it, such as by other names
 * @throws CheckpointError when the file is damaged or hostile
 */
export const readParameters = async (
  file: string,
  view: (checkpoint: CheckpointFile) => CheckpointFile = (checkpoint) => checkpoint,
): Promise<Parameters> => {
  const tensors = new Map<string, tf.Tensor>()
  await using opened = await openCheckpoint(file)
  const stored = view(opened)
  try {
    for await (const [name, tensor] of readAhead(stored)) tensors.set(name, held(toTensor(name, tensor)))
  } catch (error) {
    tf.dispose([...tensors.values()])
    throw error
  }
  return Parameters.of(tensors)
}

/** Every tensor of a file; the next one is read while the one before it is used. */
async function* readAhead(stored: CheckpointFile): AsyncGenerator<readonly [string, StoredTensor]> {
  let before: { readonly name: string; readonly tensor: Promise<StoredTensor> } | undefined
  for (const name of stored.names()) {
    const tensor = stored.read(name)
    // An error is told when its turn comes; until then it is no unhandled one.
    tensor.catch(() => undefined)
    if (before !== undefined) yield [before.name, await before.tensor]
    before = { name, tensor }
  }
  if (before !== undefined) yield [before.name, await before.tensor]
}

/** The native backend takes a tensor's values at its first use; used at once, it is not in memory twice for long. */
const held = (tensor: tf.Tensor): tf.Tensor => {
  tf.reshape(tensor, tensor.shape).dispose()
  return tensor
}

const toTensor = (name: string, stored: StoredTensor): tf.Tensor => {
  const { data } = stored
  const shape = [...stored.shape]
  if (data instanceof Float32Array) return withKernelLayout(data, shape)
  if (data instanceof Float64Array) return withKernelLayout(Float32Array.from(data), shape)
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return tf.tensor(
      Int32Array.from(data, (value) => toInt32(name, Number(value))),
      shape,
      "int32",
    )
  }
  if (data instanceof Int32Array) return tf.tensor(data, shape, "int32")
  return tf.tensor(
    Int32Array.from(data, (value) => toInt32(name, value)),
    shape,
    "int32",
  )
}

const toInt32 = (name: string, value: number): number => {
  if (value !== (value | 0)) throw new Error(`tensor "${name}" holds ${value}, which int32 cannot hold`)
  return value
}

const withKernelLayout = (data: Float32Array, shape: number[]): tf.Tensor => {
  if (shape.length !== 4) return tf.tensor(data, shape, "float32")
  return tf.tidy(() => tf.transpose(tf.tensor(data, shape, "float32"), KERNEL_FROM_CHECKPOINT))
}

export interface WriteOptions {
  /** The type of float parameters in the file; whole numbers are always I32. */
  readonly dtype: "F32" | "F16"
  readonly metadata?: Readonly<Record<string, string>>
}

/** Writes parameters as a .safetensors file in the checkpoint's layout: the same bytes for the same values. */
export const writeParameters = async (
  file: string,
  parameters: Parameters,
  { dtype, metadata }: WriteOptions,
): Promise<void> => {
  await writeSafetensors(file, parametersToStore(parameters, dtype), metadata)
}

/** Parameters as they are in a file: in the checkpoint's layout, read when their turn comes. */
export const parametersToStore = (
  parameters: Parameters,
  dtype: WriteOptions["dtype"],
): ReadonlyArray<TensorToStore> =>
  parameters.entries().map(([name, tensor]): TensorToStore => {
    if (tensor.dtype === "int32") {
      return { name, dtype: "I32", shape: tensor.shape, read: () => tensor.data<"int32">() }
    }
    return { name, dtype, shape: checkpointShape(tensor.shape), read: () => checkpointValues(tensor) }
  })

const checkpointShape = (shape: ReadonlyArray<number>): ReadonlyArray<number> =>
  shape.length === 4 ? KERNEL_TO_CHECKPOINT.map((axis) => shape[axis] ?? 0) : shape

const checkpointValues = async (tensor: tf.Tensor): Promise<Float32Array> => {
  if (tensor.rank !== 4) return await tensor.data<"float32">()
  const transposed = tf.transpose(tensor, KERNEL_TO_CHECKPOINT)
  const values = await transposed.data<"float32">()
  transposed.dispose()
  return values
}
