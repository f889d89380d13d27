import { type FileHandle, open } from "node:fs/promises"
import { widenBfloat16, widenHalf } from "./safetensors-half-precision.ts"
import {
  type Dtype,
  type Header,
  parseHeader,
  SafetensorsError,
  type TensorEntry,
} from "./safetensors-header.ts"

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

export interface StoredTensor {
  /** The type in the file, before widening. */
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  readonly data: TensorData
}

/** The format's own limit for a header. */
const HEADER_LIMIT = 100_000_000
const PIECE = 1 << 30

/** An open safetensors file, of which one tensor at a time is in memory. */
export class SafetensorsFile implements AsyncDisposable {
  readonly metadata: Readonly<Record<string, string>>
  readonly #file: FileHandle
  readonly #tensors: ReadonlyMap<string, TensorEntry>
  readonly #dataStart: number

  constructor(file: FileHandle, header: Header, dataStart: number) {
    this.metadata = header.metadata
    this.#file = file
    this.#tensors = header.tensors
    this.#dataStart = dataStart
  }

  /** The names of the tensors in the order of the file. */
  names(): ReadonlyArray<string> {
    return [...this.#tensors].sort(([, a], [, b]) => a.begin - b.begin).map(([name]) => name)
  }

  /** Type, shape and place of a tensor. */
  entry(name: string): TensorEntry {
    const entry = this.#tensors.get(name)
    if (entry === undefined) throw new SafetensorsError(`there is no tensor named "${name}"`)
    return entry
  }

  async read(name: string): Promise<StoredTensor> {
    const { dtype, shape, begin, end } = this.entry(name)
    const bytes = await readBytes(this.#file, this.#dataStart + begin, end - begin)
    return { dtype, shape, data: decode(dtype, bytes) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}

/**
 * Opens a safetensors file and checks its header; nothing of a size that only the header claims is allocated.
 *
 * @throws SafetensorsError naming the file and what is wrong with it
 */
export const openSafetensors = async (file: string): Promise<SafetensorsFile> => {
  const handle = await open(file, "r")
  try {
    const { size } = await handle.stat()
    const headerBytes = size < 8 ? Number.POSITIVE_INFINITY : await headerLength(handle)
    if (headerBytes > HEADER_LIMIT || headerBytes > size - 8) {
      throw new SafetensorsError("its header is longer than the file or than the format allows")
    }
    const text = decodeText(await readBytes(handle, 8, headerBytes))
    return new SafetensorsFile(handle, parseHeader(text, size - 8 - headerBytes), 8 + headerBytes)
  } catch (error) {
    await handle.close()
    if (!(error instanceof SafetensorsError)) throw error
    throw new SafetensorsError(`${file} is not a sound safetensors file: ${error.message}`)
  }
}

/**
 * Reads a whole safetensors file.
 *
 * @throws SafetensorsError when the file is damaged or hostile
 */
export const readSafetensors = async (file: string): Promise<ReadonlyMap<string, StoredTensor>> => {
  await using opened = await openSafetensors(file)
  const tensors = new Map<string, StoredTensor>()
  for (const name of opened.names()) tensors.set(name, await opened.read(name))
  return tensors
}

const headerLength = async (handle: FileHandle): Promise<number> =>
  Number(new DataView((await readBytes(handle, 0, 8)).buffer).getBigUint64(0, true))

const decodeText = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw new SafetensorsError("its header is not UTF-8")
  }
}

/** Exactly that many bytes, at offset 0 of a buffer of their own. */
const readBytes = async (
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> => {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(PIECE, length - done), position + done)
    if (bytesRead === 0) throw new SafetensorsError("the file ended while it was read")
    done += bytesRead
  }
  return bytes
}

const decode = (dtype: Dtype, { buffer }: Uint8Array<ArrayBuffer>): TensorData => {
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
