import type { FileHandle } from "node:fs/promises"
import { CheckpointError } from "./checkpoint-error.ts"
import { PickleCutShort, PickleInput } from "./pickle-input.ts"
import { readPickle } from "./pickle-reader.ts"
import { PickleDict, PickleList, type PickleValue } from "./pickle-values.ts"
import { readBytes } from "./positional-read.ts"
import { DTYPE_BYTES } from "./safetensors-header.ts"
import { TorchFile, type TorchStorages } from "./torch-file.ts"
import { TorchMeaning } from "./torch-meaning.ts"
import { tensorsOf } from "./torch-state.ts"
import type { TorchStorage } from "./torch-tensor.ts"
import { PICKLE_LIMIT } from "./torch-zip.ts"

const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001

/**
 * Reads a checkpoint as torch wrote them before 1.6: pickles one after the other (a magic number, the protocol, facts
 * of the machine, the object, the keys of its storages), then the storages. The handle becomes the file's.
 */
export const openTorchLegacy = async (handle: FileHandle, size: number): Promise<TorchFile> => {
  const { value, keys, meaning, end } = await readPickles(handle, size)
  const places = await findStorages(handle, size, end, keys, meaning)
  const storages: TorchStorages = {
    readPart: (storage, begin, length) => {
      const place = places.get(storage)
      if (place === undefined) throw new CheckpointError(`there is no storage ${storage.key}`)
      return readBytes(handle, place + begin, length)
    },
    [Symbol.asyncDispose]: () => handle.close(),
  }
  return new TorchFile("torch-legacy", tensorsOf(value, size), storages)
}

interface Pickles {
  readonly value: PickleValue
  readonly keys: PickleValue
  readonly meaning: TorchMeaning
  /** Where the storages begin. */
  readonly end: number
}

/** How long the pickles are, only they say: more is read until they end. */
const readPickles = async (handle: FileHandle, size: number): Promise<Pickles> => {
  for (let length = 1 << 20; ; length *= 4) {
    const available = Math.min(length, size, PICKLE_LIMIT)
    try {
      return parsePickles(await readBytes(handle, 0, available))
    } catch (error) {
      if (!(error instanceof PickleCutShort) || available < length) throw error
    }
  }
}

const parsePickles = (bytes: Uint8Array): Pickles => {
  const input = new PickleInput(bytes)
  const plain = new TorchMeaning(false)
  if (readPickle(input, plain) !== MAGIC) {
    throw new CheckpointError("it is a pickle of something else: it does not begin as torch's checkpoints do")
  }
  const protocol = readPickle(input, plain)
  if (protocol !== PROTOCOL) throw new CheckpointError(`its protocol is ${String(protocol)}, not ${PROTOCOL}`)
  checkMachine(readPickle(input, plain))
  const meaning = new TorchMeaning(false)
  const value = readPickle(input, meaning)
  return { value, keys: readPickle(input, plain), meaning, end: input.position }
}

const checkMachine = (facts: PickleValue): void => {
  const isLittle = facts instanceof PickleDict ? facts.entries.get("little_endian") : undefined
  if (isLittle !== true) throw new CheckpointError("its byte order is not little-endian")
}

/** Each storage: how many elements, in eight bytes, and the elements. */
const findStorages = async (
  handle: FileHandle,
  size: number,
  end: number,
  keys: PickleValue,
  { storages }: TorchMeaning,
): Promise<ReadonlyMap<TorchStorage, number>> => {
  const listed = keys instanceof PickleList ? keys.items : []
  const places = new Map<TorchStorage, number>()
  let at = end
  for (const key of listed) {
    const storage = typeof key === "string" ? storages.get(key) : undefined
    if (storage === undefined || places.has(storage))
      throw new CheckpointError("its list of storages is wrong")
    const start = at + 8
    if (start + storage.bytes > size)
      throw new CheckpointError(`it is cut off: storage ${storage.key} is not whole`)
    const count = Buffer.from((await readBytes(handle, at, 8)).buffer).readBigUInt64LE()
    const width = storage.dtype === undefined ? 1 : DTYPE_BYTES[storage.dtype]
    if (count * BigInt(width) !== BigInt(storage.bytes)) {
      throw new CheckpointError(
        `its storage ${storage.key} has ${count} elements, another number than its pickle says`,
      )
    }
    places.set(storage, start)
    at = start + storage.bytes
  }
  if (places.size !== storages.size) throw new CheckpointError("its list of storages is wrong")
  return places
}
