import { CheckpointError } from "./checkpoint-error.ts"

/** The bytes ended before the pickle did. */
export class PickleCutShort extends CheckpointError {
  override readonly name = "PickleCutShort"
}

/** The bytes of a pickle, read from the front. */
export class PickleInput {
  position: number
  readonly #bytes: Buffer

  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = position
  }

  #advance(length: number): number {
    const start = this.position
    if (length > this.#bytes.length - start) throw new PickleCutShort("its pickle is cut off")
    this.position = start + length
    return start
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#advance(1))
  }

  uint16(): number {
    return this.#bytes.readUInt16LE(this.#advance(2))
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4))
  }

  int32(): number {
    return this.#bytes.readInt32LE(this.#advance(4))
  }

  /** Big-endian, as pickles write floats. */
  double(): number {
    return this.#bytes.readDoubleBE(this.#advance(8))
  }

  /** A length of eight bytes. */
  length64(): number {
    const length = this.#bytes.readBigUInt64LE(this.#advance(8))
    if (length > BigInt(Number.MAX_SAFE_INTEGER))
      throw new CheckpointError("its pickle has an impossible length")
    return Number(length)
  }

  /** A copy. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length)
    return new Uint8Array(this.#bytes.subarray(start, start + length))
  }

  text(length: number, encoding: "utf8" | "latin1" = "utf8"): string {
    const start = this.#advance(length)
    return this.#bytes.toString(encoding, start, start + length)
  }

  /** The text before the next line feed, which is read too. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position)
    if (end === -1) throw new PickleCutShort("its pickle is cut off")
    const text = this.text(end - this.position)
    this.position += 1
    return text
  }

  /** A whole number of any size in two's complement. */
  integer(length: number): bigint {
    let value = 0n
    const start = this.#advance(length)
    for (let index = length - 1; index >= 0; index--) {
      value = (value << 8n) | BigInt(this.#bytes[start + index] ?? 0)
    }
    return length === 0 ? 0n : BigInt.asIntN(8 * length, value)
  }
}
