import { CheckpointError } from "./checkpoint-error.ts"
import { narrowToBfloat16, narrowToHalf } from "./safetensors-half-precision.ts"

/** Types of whole numbers and of floats that are written; F16 and BF16 round to the nearest, ties to even. */
export type FloatToStore = "F32" | "F16" | "BF16"
export type IntegerToStore = "I32" | "I64"

/** A tensor to write. `read` is called when its turn comes, so that one tensor at a time is in memory. */
export type TensorToStore =
  | {
      readonly name: string
      readonly dtype: FloatToStore
      readonly shape: ReadonlyArray<number>
      readonly read: () => Float32Array | Promise<Float32Array>
    }
  | {
      readonly name: string
      readonly dtype: IntegerToStore
      readonly shape: ReadonlyArray<number>
      readonly read: () => Int32Array | Promise<Int32Array>
    }

/** How many values a shape has. */
export const elementsOf = (shape: ReadonlyArray<number>): number =>
  shape.reduce((product, size) => product * size, 1)

/** The tensor's bytes, row by row, little-endian. */
export const bytesToStore = async (tensor: TensorToStore): Promise<Uint8Array> => {
  const values = await valuesOf(tensor)
  if (values.length !== elementsOf(tensor.shape)) {
    throw new CheckpointError(
      `tensor "${tensor.name}" of shape [${tensor.shape}] was given ${values.length} values`,
    )
  }
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

const valuesOf = async (
  tensor: TensorToStore,
): Promise<Float32Array | Uint16Array | Int32Array | BigInt64Array> => {
  switch (tensor.dtype) {
    case "F32":
    case "I32":
      return await tensor.read()
    case "F16":
      return narrowToHalf(await tensor.read())
    case "BF16":
      return narrowToBfloat16(await tensor.read())
    case "I64":
      return BigInt64Array.from(await tensor.read(), BigInt)
  }
}
