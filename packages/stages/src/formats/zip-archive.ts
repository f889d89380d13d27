import type { FileHandle } from "node:fs/promises"
import { promisify } from "node:util"
import { inflateRaw } from "node:zlib"
import { CheckpointError } from "./checkpoint-error.ts"
import { readBytes } from "./positional-read.ts"
import { readZipDirectory, type ZipEntry } from "./zip-directory.ts"

const LOCAL = 0x04034b50
const LOCAL_BYTES = 30
/** Deflated members are unpacked in memory; torch itself stores tensors unpacked. */
const DEFLATED_LIMIT = 1 << 30

/** Weights hardly become smaller; what becomes much smaller is a bomb. */
const MOST_TIMES = 100
const ALWAYS_ALLOWED = 1 << 20

const inflate = promisify(inflateRaw)

/** The members of a zip archive, read from their places. */
export class ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>
  readonly #handle: FileHandle

  private constructor(handle: FileHandle, entries: ReadonlyMap<string, ZipEntry>) {
    this.#handle = handle
    this.entries = entries
  }

  /** Reads the directory. The handle stays the caller's. */
  static async open(handle: FileHandle, size: number): Promise<ZipArchive> {
    return new ZipArchive(handle, await readZipDirectory(handle, size))
  }

  /** A whole member, of `limit` bytes at most. */
  async read(entry: ZipEntry, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    if (entry.size > limit) {
      throw new CheckpointError(
        `its member ${entry.name} has ${entry.size} bytes, more than the ${limit} allowed`,
      )
    }
    return await this.readPart(entry, 0, entry.size)
  }

  /** A part of a member, at offset 0 of a buffer of its own. */
  async readPart(entry: ZipEntry, begin: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (begin + length > entry.size) throw new CheckpointError(`its member ${entry.name} is too short`)
    const start = await this.#dataStart(entry)
    if (!entry.isDeflated) return await readBytes(this.#handle, start + begin, length)
    const whole = await this.#unpack(entry, start)
    return new Uint8Array(whole.subarray(begin, begin + length))
  }

  /** The local header repeats the name, and has an extra field of its own length. */
  async #dataStart({ name, start, packed, limit }: ZipEntry): Promise<number> {
    const nameBytes = Buffer.from(name)
    const header = Buffer.from((await readBytes(this.#handle, start, LOCAL_BYTES + nameBytes.length)).buffer)
    const isSame =
      header.readUInt32LE(0) === LOCAL &&
      header.readUInt16LE(26) === nameBytes.length &&
      header.subarray(LOCAL_BYTES).equals(nameBytes)
    if (!isSame) throw new CheckpointError(`its member ${name} is another one than the zip directory says`)
    const data = start + LOCAL_BYTES + nameBytes.length + header.readUInt16LE(28)
    if (data + packed > limit) throw new CheckpointError(`its member ${name} overlaps what comes after it`)
    return data
  }

  async #unpack({ name, packed, size }: ZipEntry, start: number): Promise<Uint8Array> {
    if (size > DEFLATED_LIMIT) {
      throw new CheckpointError(
        `its member ${name} would unpack to ${size} bytes, more than ${DEFLATED_LIMIT}`,
      )
    }
    if (size > ALWAYS_ALLOWED && size > MOST_TIMES * packed) {
      throw new CheckpointError(
        `its member ${name} would unpack to ${size} bytes, ${Math.round(size / packed)} times what it has`,
      )
    }
    const bytes = await readBytes(this.#handle, start, packed)
    const whole = await inflate(bytes, { maxOutputLength: Math.max(1, size) }).catch(() => undefined)
    if (whole?.length !== size) {
      throw new CheckpointError(`its member ${name} does not unpack to the ${size} bytes that it declares`)
    }
    return whole
  }
}
