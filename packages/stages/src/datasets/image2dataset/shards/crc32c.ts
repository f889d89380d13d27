/** CRC-32C (Castagnoli), reflected. */
const POLYNOMIAL = 0x82f63b78

/** Eight tables, so that eight bytes are taken at a time. */
const TABLES: ReadonlyArray<Uint32Array> = (() => {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
    return value
  })
  const tables = [first]
  for (let last = first; tables.length < 8; tables.push(last))
    last = last.map((value) => (value >>> 8) ^ (first[value & 255] ?? 0))
  return tables
})()

const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES

const at = (table: Uint32Array | undefined, index: number): number => table?.[index & 255] ?? 0

/** The CRC-32C of some bytes. */
export const crc32c = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const whole = bytes.length - (bytes.length % 8)
  let crc = 0xffffffff
  for (let offset = 0; offset < whole; offset += 8) {
    const low = view.getUint32(offset, true) ^ crc
    const high = view.getUint32(offset + 4, true)
    crc =
      at(T7, low) ^
      at(T6, low >>> 8) ^
      at(T5, low >>> 16) ^
      at(T4, low >>> 24) ^
      at(T3, high) ^
      at(T2, high >>> 8) ^
      at(T1, high >>> 16) ^
      at(T0, high >>> 24)
  }
  for (let offset = whole; offset < bytes.length; offset++)
    crc = (crc >>> 8) ^ at(T0, crc ^ view.getUint8(offset))
  return (crc ^ 0xffffffff) >>> 0
}

/** The checksum as TFRecord files hold it. */
export const maskedChecksum = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
