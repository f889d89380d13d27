import type { FileHandle } from "node:fs/promises"
import { CheckpointError } from "./checkpoint-error.ts"
import { readBytes } from "./positional-read.ts"

/** A member of a zip archive as the central directory describes it. */
export interface ZipEntry {
  readonly name: string
  readonly isDeflated: boolean
  /** Bytes in the archive. */
  readonly packed: number
  /** Bytes when unpacked. */
  readonly size: number
  /** Where its local header begins. */
  readonly start: number
  /** Where the next member, or the directory, begins: its data may not go beyond. */
  readonly limit: number
}

const END = 0x06054b50
const END_BYTES = 22
const END64_LOCATOR = 0x07064b50
const END64 = 0x06064b50
const ENTRY = 0x02014b50
const ENTRY_BYTES = 46
const LOCAL_BYTES = 30
/** Far more than any checkpoint's. */
const DIRECTORY_LIMIT = 64 << 20
const UNKNOWN_32 = 0xffffffff
const UNKNOWN_16 = 0xffff

/**
 * Reads the central directory of a zip archive, of more than 4 GiB too, and refuses what no honest writer makes: names
 * that leave the archive or occur twice, members that overlap, that are encrypted or go beyond the file.
 */
export const readZipDirectory = async (
  handle: FileHandle,
  size: number,
): Promise<ReadonlyMap<string, ZipEntry>> => {
  const { count, bytes, start } = await findDirectory(handle, size)
  if (bytes > DIRECTORY_LIMIT || start + bytes > size) {
    throw new CheckpointError("its zip directory goes beyond the file or is too large")
  }
  const directory = Buffer.from((await readBytes(handle, start, bytes)).buffer)
  const members: Array<ZipMember> = []
  let at = 0
  for (let index = 0; index < count; index++) {
    const { member, next } = parseEntry(directory, at)
    members.push(member)
    at = next
  }
  if (at !== bytes) throw new CheckpointError("its zip directory has other members than it counts")
  return withLimits(members, start)
}

type ZipMember = Omit<ZipEntry, "limit">

interface Directory {
  readonly count: number
  readonly bytes: number
  readonly start: number
}

const findDirectory = async (handle: FileHandle, size: number): Promise<Directory> => {
  const tailBytes = Math.min(size, END_BYTES + UNKNOWN_16)
  const tail = Buffer.from((await readBytes(handle, size - tailBytes, tailBytes)).buffer)
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END || at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) continue
    const count = tail.readUInt16LE(at + 10)
    const bytes = tail.readUInt32LE(at + 12)
    const start = tail.readUInt32LE(at + 16)
    if (count !== UNKNOWN_16 && bytes !== UNKNOWN_32 && start !== UNKNOWN_32) return { count, bytes, start }
    return await findDirectory64(handle, size - tailBytes + at, size)
  }
  throw new CheckpointError("it is cut off: it begins as a zip archive and has no directory at its end")
}

const findDirectory64 = async (handle: FileHandle, end: number, size: number): Promise<Directory> => {
  const wrong = new CheckpointError("its zip64 directory is damaged")
  if (end < 20) throw wrong
  const locator = Buffer.from((await readBytes(handle, end - 20, 20)).buffer)
  if (locator.readUInt32LE(0) !== END64_LOCATOR) throw wrong
  const at = toSize(locator.readBigUInt64LE(8))
  if (at + 56 > size) throw wrong
  const record = Buffer.from((await readBytes(handle, at, 56)).buffer)
  if (record.readUInt32LE(0) !== END64) throw wrong
  return {
    count: toSize(record.readBigUInt64LE(32)),
    bytes: toSize(record.readBigUInt64LE(40)),
    start: toSize(record.readBigUInt64LE(48)),
  }
}

const toSize = (value: bigint): number => {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new CheckpointError("its zip directory has impossible sizes")
  return Number(value)
}

const parseEntry = (directory: Buffer, at: number): { readonly member: ZipMember; readonly next: number } => {
  const nameAt = at + ENTRY_BYTES
  if (nameAt > directory.length || directory.readUInt32LE(at) !== ENTRY) {
    throw new CheckpointError("its zip directory is damaged")
  }
  const extraAt = nameAt + directory.readUInt16LE(at + 28)
  const commentAt = extraAt + directory.readUInt16LE(at + 30)
  const next = commentAt + directory.readUInt16LE(at + 32)
  if (next > directory.length) throw new CheckpointError("its zip directory is damaged")
  const name = directory.toString("utf8", nameAt, extraAt)
  checkName(name)
  const method = directory.readUInt16LE(at + 10)
  if ((directory.readUInt16LE(at + 8) & 1) !== 0) throw new CheckpointError(`its member ${name} is encrypted`)
  if (method !== 0 && method !== 8) {
    throw new CheckpointError(`its member ${name} is packed by method ${method}, and not stored or deflated`)
  }
  const large = parseLargeSizes(directory.subarray(extraAt, commentAt), [
    directory.readUInt32LE(at + 24),
    directory.readUInt32LE(at + 20),
    directory.readUInt32LE(at + 42),
  ])
  const [size = 0, packed = 0, start = 0] = large
  if (method === 0 && packed !== size) {
    throw new CheckpointError(`its member ${name} is stored and has two sizes, ${packed} and ${size}`)
  }
  return { member: { name, isDeflated: method === 8, packed, size, start }, next }
}

/** Sizes that 32 bits cannot hold are in the zip64 extra field, in this order, and only those. */
const parseLargeSizes = (extra: Buffer, sizes: ReadonlyArray<number>): ReadonlyArray<number> => {
  if (!sizes.includes(UNKNOWN_32)) return sizes
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    let next = at + 4
    return sizes.map((size) => {
      if (size !== UNKNOWN_32) return size
      if (next + 8 > extra.length) throw new CheckpointError("its zip64 directory is damaged")
      next += 8
      return toSize(extra.readBigUInt64LE(next - 8))
    })
  }
  throw new CheckpointError("its zip64 directory is damaged")
}

const checkName = (name: string): void => {
  const parts = name.endsWith("/") ? name.slice(0, -1).split("/") : name.split("/")
  if (/^[A-Za-z]:|\\|\0/.test(name) || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new CheckpointError(`its member ${JSON.stringify(name)} would leave the archive`)
  }
}

const withLimits = (
  members: ReadonlyArray<ZipMember>,
  directoryStart: number,
): ReadonlyMap<string, ZipEntry> => {
  const inOrder = members.toSorted((a, b) => a.start - b.start)
  const entries = new Map<string, ZipEntry>()
  for (const [index, member] of inOrder.entries()) {
    const limit = inOrder[index + 1]?.start ?? directoryStart
    if (member.start + LOCAL_BYTES + Buffer.byteLength(member.name) + member.packed > limit) {
      throw new CheckpointError(`its member ${member.name} overlaps what comes after it`)
    }
    if (entries.has(member.name)) throw new CheckpointError(`its member ${member.name} occurs twice`)
    entries.set(member.name, { ...member, limit })
  }
  return entries
}
