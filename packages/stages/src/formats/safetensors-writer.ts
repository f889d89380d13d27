import { type FileHandle, open, rename, rm } from "node:fs/promises"
import { narrowToHalf } from "./safetensors-half-precision.ts"
import { DTYPE_BYTES, SafetensorsError } from "./safetensors-header.ts"

/** A tensor to write. `read` is called when its turn comes, so that one tensor at a time is in memory. */
export type TensorToStore =
  | {
      readonly name: string
      /** F16 rounds to the nearest, ties to even. */
      readonly dtype: "F32" | "F16"
      readonly shape: ReadonlyArray<number>
      readonly read: () => Float32Array | Promise<Float32Array>
    }
  | {
      readonly name: string
      readonly dtype: "I32"
      readonly shape: ReadonlyArray<number>
      readonly read: () => Int32Array | Promise<Int32Array>
    }

/**
 * Writes a safetensors file. The bytes depend on names, types, shapes, values and metadata only: tensors are in the
 * order of their names, the header is padded with spaces to a multiple of eight. The file appears at once and whole.
 */
export const writeSafetensors = async (
  file: string,
  tensors: ReadonlyArray<TensorToStore>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const sorted = tensors.toSorted((a, b) => compare(a.name, b.name))
  const temporary = `${file}.${process.pid}.partial`
  try {
    await using handle = await open(temporary, "w")
    await writeAll(handle, headerOf(sorted, metadata))
    for (const tensor of sorted) await writeAll(handle, await bytesOf(tensor))
    await handle.sync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await rename(temporary, file)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((product, size) => product * size, 1)

const headerOf = (
  sorted: ReadonlyArray<TensorToStore>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array => {
  const entries: Array<[string, unknown]> = []
  const facts = Object.entries(metadata).toSorted(([a], [b]) => compare(a, b))
  if (facts.length > 0) entries.push(["__metadata__", Object.fromEntries(facts)])
  let begin = 0
  for (const [index, { name, dtype, shape }] of sorted.entries()) {
    if (sorted[index + 1]?.name === name) throw new SafetensorsError(`two tensors are named "${name}"`)
    const end = begin + sizeOf(shape) * DTYPE_BYTES[dtype]
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }])
    begin = end
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Math.ceil(text.length / 8) * 8
  const header = Buffer.alloc(8 + length, " ")
  header.writeBigUInt64LE(BigInt(length))
  text.copy(header, 8)
  return header
}

const bytesOf = async (tensor: TensorToStore): Promise<Uint8Array> => {
  const values = await valuesOf(tensor)
  if (values.length !== sizeOf(tensor.shape)) {
    throw new SafetensorsError(
      `tensor "${tensor.name}" of shape [${tensor.shape}] was given ${values.length} values`,
    )
  }
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

const valuesOf = async (tensor: TensorToStore): Promise<Float32Array | Uint16Array | Int32Array> => {
  if (tensor.dtype === "I32") return await tensor.read()
  const values = await tensor.read()
  return tensor.dtype === "F16" ? narrowToHalf(values) : values
}

const writeAll = async (handle: FileHandle, bytes: Uint8Array): Promise<void> => {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done)
    done += bytesWritten
  }
}
