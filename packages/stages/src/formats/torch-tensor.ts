import { CheckpointError } from "./checkpoint-error.ts"
import { PickleExtension } from "./pickle-values.ts"
import { DTYPE_BYTES, type Dtype } from "./safetensors-header.ts"

/** Memory that tensors of a checkpoint are views of. */
export class TorchStorage extends PickleExtension {
  readonly kind = "storage"
  /** What the file calls it. */
  readonly key: string
  /** Of its elements; undefined when the storage is one of bytes, whose meaning its tensors say. */
  readonly dtype: Dtype | undefined
  readonly bytes: number

  constructor(key: string, dtype: Dtype | undefined, bytes: number) {
    super()
    this.key = key
    this.dtype = dtype
    this.bytes = bytes
  }
}

/** A tensor: a view of a storage. Offset and strides count elements. */
export class TorchTensor extends PickleExtension {
  readonly kind = "tensor"
  readonly storage: TorchStorage
  readonly dtype: Dtype
  readonly offset: number
  readonly shape: ReadonlyArray<number>
  readonly strides: ReadonlyArray<number>

  constructor(
    storage: TorchStorage,
    dtype: Dtype,
    offset: number,
    shape: ReadonlyArray<number>,
    strides: ReadonlyArray<number>,
  ) {
    super()
    this.storage = storage
    this.dtype = dtype
    this.offset = offset
    this.shape = shape
    this.strides = strides
    checkView(this)
  }

  /** How many values it has. */
  get elements(): number {
    return this.shape.reduce((product, size) => product * size, 1)
  }

  /** How many elements of its storage lie between its first and its last value, both counted. */
  get span(): number {
    if (this.elements === 0) return 0
    return this.shape.reduce((last, size, axis) => last + (size - 1) * (this.strides[axis] ?? 0), 1)
  }
}

const MOST_AXES = 8
/** A view may repeat the values of its storage; beyond so many values it is taken for an attack on memory. */
const MOST_REPEATED = 1 << 20

const checkView = (tensor: TorchTensor): void => {
  const { storage, dtype, offset, shape, strides } = tensor
  if (shape.length > MOST_AXES || strides.length !== shape.length) {
    throw new CheckpointError(
      `a tensor of ${shape.length} axes and ${strides.length} strides is none that is read here`,
    )
  }
  const what = `a tensor of shape [${shape}]`
  const available = Math.floor(storage.bytes / DTYPE_BYTES[dtype])
  if (!Number.isSafeInteger(tensor.elements) || !(offset + tensor.span <= available)) {
    throw new CheckpointError(`${what} goes beyond its storage of ${storage.bytes} bytes`)
  }
  if (tensor.elements > available && tensor.elements > MOST_REPEATED) {
    throw new CheckpointError(`${what} repeats a storage of ${storage.bytes} bytes without end`)
  }
}

/**
 * The tensor's values, row by row.
 *
 * @param bytes of its storage, from its first value on, `span` elements
 */
export const gather = (tensor: TorchTensor, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  if (isContiguous(tensor)) return bytes
  switch (DTYPE_BYTES[tensor.dtype]) {
    case 1:
      return pick(tensor, bytes, new Uint8Array(tensor.elements))
    case 2:
      return pick(tensor, new Uint16Array(bytes.buffer), new Uint16Array(tensor.elements))
    case 4:
      return pick(tensor, new Uint32Array(bytes.buffer), new Uint32Array(tensor.elements))
    case 8:
      return pick(tensor, new BigUint64Array(bytes.buffer), new BigUint64Array(tensor.elements))
  }
}

const isContiguous = ({ shape, strides }: TorchTensor): boolean => {
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1
    if (size !== 1 && strides[axis] !== expected) return false
    expected *= size
  }
  return true
}

/** An array of numbers, or of big integers. */
interface Elements<Value> {
  readonly buffer: ArrayBuffer
  readonly length: number
  [index: number]: Value
}

const pick = <Value>(
  { shape, strides }: TorchTensor,
  from: Elements<Value>,
  to: Elements<Value>,
): Uint8Array<ArrayBuffer> => {
  const place = shape.map(() => 0)
  let source = 0
  for (let target = 0; target < to.length; target++) {
    const value = from[source]
    if (value !== undefined) to[target] = value
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (place[axis] ?? 0) + 1
      const [size = 1, stride = 0] = [shape[axis], strides[axis]]
      source += stride
      if (next < size) {
        place[axis] = next
        break
      }
      place[axis] = 0
      source -= size * stride
    }
  }
  return new Uint8Array(to.buffer)
}
