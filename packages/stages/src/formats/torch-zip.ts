import type { FileHandle } from "node:fs/promises"
import { CheckpointError } from "./checkpoint-error.ts"
import { PickleInput } from "./pickle-input.ts"
import { readPickle } from "./pickle-reader.ts"
import { TorchFile, type TorchStorages } from "./torch-file.ts"
import { TorchMeaning } from "./torch-meaning.ts"
import { tensorsOf } from "./torch-state.ts"
import type { TorchStorage } from "./torch-tensor.ts"
import { ZipArchive } from "./zip-archive.ts"
import type { ZipEntry } from "./zip-directory.ts"

/** A large model's is of one megabyte. */
export const PICKLE_LIMIT = 64 << 20

/** Reads a checkpoint of torch's zip format (since 1.6), a TorchScript archive too. The handle becomes the file's. */
export const openTorchZip = async (handle: FileHandle, size: number): Promise<TorchFile> => {
  const archive = await ZipArchive.open(handle, size)
  const root = rootOf(archive)
  const isScript = archive.entries.has(`${root}/constants.pkl`)
  await checkByteOrder(archive, root)
  const meaning = new TorchMeaning(isScript)
  const pickle = await archive.read(member(archive, `${root}/data.pkl`), PICKLE_LIMIT)
  const value = readPickle(new PickleInput(pickle), meaning)
  const places = new Map<TorchStorage, ZipEntry>()
  for (const storage of meaning.storages.values()) places.set(storage, placeOf(archive, root, storage))
  const storages: TorchStorages = {
    readPart: (storage, begin, length) => {
      const place = places.get(storage)
      if (place === undefined) throw new CheckpointError(`there is no storage ${storage.key}`)
      return archive.readPart(place, begin, length)
    },
    [Symbol.asyncDispose]: () => handle.close(),
  }
  const total = [...places.values()].reduce((sum, { size: bytes }) => sum + bytes, size)
  return new TorchFile(isScript ? "torchscript" : "torch", tensorsOf(value, total), storages)
}

/** All members are in one folder, whose name depends on who wrote it. */
const rootOf = ({ entries }: ZipArchive): string => {
  const roots = [...entries.keys()].flatMap((name) => /^([^/]+)\/data\.pkl$/.exec(name)?.[1] ?? [])
  const [root] = roots
  if (root === undefined || roots.length > 1) {
    throw new CheckpointError(
      `it is a zip archive of something else: it has ${roots.length} members */data.pkl`,
    )
  }
  return root
}

const member = ({ entries }: ZipArchive, name: string): ZipEntry => {
  const entry = entries.get(name)
  if (entry === undefined) throw new CheckpointError(`it has no member ${JSON.stringify(name)}`)
  return entry
}

const checkByteOrder = async (archive: ZipArchive, root: string): Promise<void> => {
  const entry = archive.entries.get(`${root}/byteorder`)
  if (entry === undefined) return
  const order = Buffer.from(await archive.read(entry, 16)).toString("latin1")
  if (order !== "little")
    throw new CheckpointError(`its byte order is ${JSON.stringify(order)}, not "little"`)
}

const placeOf = (archive: ZipArchive, root: string, { key, bytes }: TorchStorage): ZipEntry => {
  const entry = member(archive, `${root}/data/${key}`)
  if (entry.size !== bytes) {
    throw new CheckpointError(`its storage ${entry.name} has ${entry.size} bytes, and should have ${bytes}`)
  }
  return entry
}
