import { type FileHandle, open, rename, rm } from "node:fs/promises"
import { DTYPE_BYTES, SafetensorsError } from "./safetensors-header.ts"
import { bytesToStore, elementsOf, type TensorToStore } from "./tensor-to-store.ts"

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
    for (const tensor of sorted) await writeAll(handle, await bytesToStore(tensor))
    await handle.sync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await rename(temporary, file)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

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
    const end = begin + elementsOf(shape) * DTYPE_BYTES[dtype]
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

/** All of the bytes, at the end of what is there. */
export const writeAll = async (handle: FileHandle, bytes: Uint8Array): Promise<void> => {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done)
    done += bytesWritten
  }
}
