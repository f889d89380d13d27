import type { FileHandle } from "node:fs/promises"
import { CheckpointError } from "./checkpoint-error.ts"
import type { CheckpointFile } from "./checkpoint-file.ts"
import { readBytes } from "./positional-read.ts"
import { openFile } from "./read-small-file.ts"
import { type Header, parseHeader, SafetensorsError, type TensorEntry } from "./safetensors-header.ts"
import { decodeTensor, type StoredTensor } from "./stored-tensor.ts"

/** The format's own limit for a header. */
const HEADER_LIMIT = 100_000_000

/** An open safetensors file, of which one tensor at a time is in memory. */
export class SafetensorsFile implements CheckpointFile {
  readonly format = "safetensors"
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
    return { dtype, shape, data: decodeTensor(dtype, bytes) }
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
  const { handle, size } = await openFile(file)
  try {
    const headerBytes = size < 8 ? Number.POSITIVE_INFINITY : await headerLength(handle)
    if (headerBytes > HEADER_LIMIT || headerBytes > size - 8) {
      throw new SafetensorsError("its header is longer than the file or than the format allows")
    }
    const text = decodeText(await readBytes(handle, 8, headerBytes))
    return new SafetensorsFile(handle, parseHeader(text, size - 8 - headerBytes), 8 + headerBytes)
  } catch (error) {
    await handle.close()
    if (!(error instanceof CheckpointError)) throw error
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
