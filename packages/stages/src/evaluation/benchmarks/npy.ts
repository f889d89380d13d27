/** Bytes of an element and how to read it, by NumPy's type code. */
const TYPES: Readonly<Record<string, readonly [size: number, read: (view: DataView, at: number) => number]>> =
  {
    b1: [1, (view, at) => view.getUint8(at)],
    u1: [1, (view, at) => view.getUint8(at)],
    i1: [1, (view, at) => view.getInt8(at)],
    u2: [2, (view, at) => view.getUint16(at, true)],
    i2: [2, (view, at) => view.getInt16(at, true)],
    u4: [4, (view, at) => view.getUint32(at, true)],
    i4: [4, (view, at) => view.getInt32(at, true)],
    u8: [8, (view, at) => Number(view.getBigUint64(at, true))],
    i8: [8, (view, at) => Number(view.getBigInt64(at, true))],
    f4: [4, (view, at) => view.getFloat32(at, true)],
    f8: [8, (view, at) => view.getFloat64(at, true)],
  }

/**
 * Reads a NumPy file that holds one row of numbers, little-endian: a multi-label target of a webdataset benchmark.
 *
 * @returns undefined when it is anything else
 */
export const parseNumpyVector = (bytes: Uint8Array): ReadonlyArray<number> | undefined => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (file.length < 12 || file.toString("latin1", 0, 6) !== "\x93NUMPY") return undefined
  const start = file[6] === 1 ? 10 : 12
  const end = start + (file[6] === 1 ? file.readUInt16LE(8) : file.readUInt32LE(8))
  const header = file.toString("latin1", start, Math.min(end, file.length))
  const type = /'descr':\s*'[<|]([a-z]\d)'/.exec(header)?.[1]
  const length = /'shape':\s*\((\d+),\)/.exec(header)?.[1]
  if (type === undefined || length === undefined) return undefined
  const [size, read] = TYPES[type] ?? [0, undefined]
  if (read === undefined || file.length !== end + Number(length) * size) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + end)
  return Array.from({ length: Number(length) }, (_, index) => read(view, index * size))
}
