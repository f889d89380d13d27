import { widenBfloat16, widenHalf } from "./safetensors-half-precision.ts"
import type { Dtype } from "./safetensors-header.ts"

/** Values of a tensor, row by row. F16 and BF16 are widened to float32; BOOL is 0 or 1. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/** What a file says of a tensor. */
export interface TensorDescription {
  /** The type in the file, before widening. */
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
}

export interface StoredTensor extends TensorDescription {
  readonly data: TensorData
}

/** The values that little-endian bytes mean; the bytes are used, not copied, but where they are widened. */
export const decodeTensor = (dtype: Dtype, { buffer }: Uint8Array<ArrayBuffer>): TensorData => {
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer)
    case "F16":
      return widenHalf(new Uint16Array(buffer))
    case "BF16":
      return widenBfloat16(new Uint16Array(buffer))
    case "F64":
      return new Float64Array(buffer)
    case "I64":
      return new BigInt64Array(buffer)
    case "U64":
      return new BigUint64Array(buffer)
    case "I32":
      return new Int32Array(buffer)
    case "U32":
      return new Uint32Array(buffer)
    case "I16":
      return new Int16Array(buffer)
    case "U16":
      return new Uint16Array(buffer)
    case "I8":
      return new Int8Array(buffer)
    case "U8":
    case "BOOL":
      return new Uint8Array(buffer)
  }
}
