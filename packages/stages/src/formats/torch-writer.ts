import { type FileHandle, open, rename, rm } from "node:fs/promises"
import { crc32 } from "node:zlib"
import { CheckpointError } from "./checkpoint-error.ts"
import { writeAll } from "./safetensors-writer.ts"
import { bytesToStore, elementsOf, type TensorToStore } from "./tensor-to-store.ts"

/**
 * Writes a state dict in torch's zip format, which `torch.load` reads with `weights_only`. The file appears at once and
 * whole.
 */
export const writeTorch = async (file: string, tensors: ReadonlyArray<TensorToStore>): Promise<void> => {
  const temporary = `${file}.${process.pid}.partial`
  try {
    await using handle = await open(temporary, "w")
    const zip = new ZipWriter(handle)
    await zip.add("data.pkl", pickleOf(tensors))
    await zip.add("byteorder", Buffer.from("little"))
    for (const [index, tensor] of tensors.entries())
      await zip.add(`data/${index}`, await bytesToStore(tensor))
    await zip.add("version", Buffer.from("3\n"))
    await zip.finish()
    await handle.sync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await rename(temporary, file)
}

const STORAGES = {
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
  I32: "IntStorage",
  I64: "LongStorage",
} as const satisfies Readonly<Record<TensorToStore["dtype"], string>>

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  const head = Buffer.from("X\0\0\0\0")
  head.writeUInt32LE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

const integer = (value: number): Buffer => {
  const bytes = Buffer.from([0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0])
  bytes.writeBigInt64LE(BigInt(value), 2)
  return bytes
}

const tuple = (items: ReadonlyArray<Buffer>): Buffer =>
  Buffer.concat([Buffer.from("("), ...items, Buffer.from("t")])

const name = (module: string, member: string): Buffer => Buffer.from(`c${module}\n${member}\n`)

/** A dict of tensors in protocol 2, without memo. */
const pickleOf = (tensors: ReadonlyArray<TensorToStore>): Buffer =>
  Buffer.concat([
    Buffer.from([0x80, 2]),
    Buffer.from("}("),
    ...tensors.flatMap((tensor, index) => [text(tensor.name), pickledTensor(tensor, index)]),
    Buffer.from("u."),
  ])

const pickledTensor = ({ dtype, shape }: TensorToStore, index: number): Buffer => {
  const strides = shape.map((_, axis) => elementsOf(shape.slice(axis + 1)))
  const storage = [
    text("storage"),
    name("torch", STORAGES[dtype]),
    text(String(index)),
    text("cpu"),
    integer(elementsOf(shape)),
  ]
  const hooks = Buffer.concat([name("collections", "OrderedDict"), Buffer.from(")R")])
  const args = [
    Buffer.concat([tuple(storage), Buffer.from("Q")]),
    integer(0),
    tuple(shape.map(integer)),
    tuple(strides.map(integer)),
    Buffer.from([0x89]),
    hooks,
  ]
  return Buffer.concat([name("torch._utils", "_rebuild_tensor_v2"), tuple(args), Buffer.from("R")])
}

/** Where torch puts the beginning of a storage: a multiple of this. */
const ALIGNMENT = 64
const LARGEST = 0xffffffff

/** Writes stored members, one after the other, all in the folder `archive`. */
class ZipWriter {
  readonly #handle: FileHandle
  readonly #directory: Array<Buffer> = []
  #position = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async add(member: string, data: Uint8Array): Promise<void> {
    if (data.length >= LARGEST)
      throw new CheckpointError(`${member} is too large for a member of a zip archive`)
    const path = Buffer.from(`archive/${member}`)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(this.#position >= LARGEST ? 45 : 20, 0)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(path.length, 22)
    this.#directory.push(directoryEntry(common, path, this.#position))
    const before = this.#position + 30 + path.length + 4
    const padding = Buffer.alloc(4 + ((ALIGNMENT - (before % ALIGNMENT)) % ALIGNMENT))
    padding.write("FB", 0, "latin1")
    padding.writeUInt16LE(padding.length - 4, 2)
    common.writeUInt16LE(padding.length, 24)
    await this.#write(Buffer.concat([Buffer.from("PK\u0003\u0004", "latin1"), common, path, padding]))
    await this.#write(data)
  }

  async finish(): Promise<void> {
    const start = this.#position
    const directory = Buffer.concat(this.#directory)
    const count = this.#directory.length
    await this.#write(directory)
    if (start >= LARGEST || count >= 0xffff) await this.#write(largeEnd(count, directory.length, start))
    const end = Buffer.alloc(22)
    end.write("PK\u0005\u0006", 0, "latin1")
    end.writeUInt16LE(Math.min(count, 0xffff), 8)
    end.writeUInt16LE(Math.min(count, 0xffff), 10)
    end.writeUInt32LE(directory.length, 12)
    end.writeUInt32LE(Math.min(start, LARGEST), 16)
    await this.#write(end)
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#handle, bytes)
    this.#position += bytes.length
  }
}

const directoryEntry = (common: Buffer, path: Buffer, position: number): Buffer => {
  const isLarge = position >= LARGEST
  const extra = Buffer.alloc(isLarge ? 12 : 0)
  if (isLarge) {
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(8, 2)
    extra.writeBigUInt64LE(BigInt(position), 4)
  }
  const entry = Buffer.alloc(46)
  entry.write("PK\u0001\u0002", 0, "latin1")
  entry.writeUInt16LE(45, 4)
  common.copy(entry, 6)
  entry.writeUInt16LE(extra.length, 30)
  entry.writeUInt32LE(Math.min(position, LARGEST), 42)
  return Buffer.concat([entry, path, extra])
}

/** The zip64 end of the directory, and where it is. */
const largeEnd = (count: number, bytes: number, start: number): Buffer => {
  const end = Buffer.alloc(76)
  end.write("PK\u0006\u0006", 0, "latin1")
  end.writeBigUInt64LE(44n, 4)
  end.writeUInt16LE(45, 12)
  end.writeUInt16LE(45, 14)
  for (const [index, value] of [count, count, bytes, start].entries())
    end.writeBigUInt64LE(BigInt(value), 24 + 8 * index)
  end.write("PK\u0006\u0007", 56, "latin1")
  end.writeBigUInt64LE(BigInt(start + bytes), 64)
  end.writeUInt32LE(1, 72)
  return end
}
