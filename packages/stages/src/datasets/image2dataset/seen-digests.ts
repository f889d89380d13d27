import { closeSync, openSync, readSync, writeSync } from "node:fs"

/** Bytes of a digest that count: among 100 million, two are taken for the same once in some thousand lists. */
const DIGEST = 8
/** Digests that are looked at together. */
const BUCKET = 8
/** Bytes of a table that is held in memory; a larger one is a file, of which the system keeps what there is room for. */
const MEMORY = 32 * 1024 * 1024

/** Digests that have come before: 12 bytes for each one that may come, on disk where they are many. */
export class SeenDigests {
  readonly #memory: Buffer | undefined
  readonly #file: number | undefined
  readonly #buckets: number
  readonly #bucket = Buffer.alloc(BUCKET * DIGEST)

  /**
   * @param most how many different ones may come
   * @param path a file that may be made, and is of no use afterwards
   */
  constructor(most: number, path: string, memory = MEMORY) {
    this.#buckets = Math.ceil((most * 1.5) / BUCKET) + 1
    const bytes = this.#buckets * BUCKET * DIGEST
    if (bytes <= memory) this.#memory = Buffer.alloc(bytes)
    else this.#file = openSync(path, "w+")
  }

  /** Adds a digest, of which the first 8 bytes count. @returns whether it is new */
  add(digest: Buffer): boolean {
    // Zeros are what an empty place holds.
    const value = digest.readBigUInt64LE() || 1n
    for (let bucket = Number(value % BigInt(this.#buckets)); ; bucket = (bucket + 1) % this.#buckets) {
      const places = this.#read(bucket)
      for (let place = 0; place < places.length; place += DIGEST) {
        const found = places.readBigUInt64LE(place)
        if (found === value) return false
        if (found !== 0n) continue
        this.#write(value, bucket * BUCKET * DIGEST + place)
        return true
      }
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
  }

  #read(bucket: number): Buffer {
    const start = bucket * BUCKET * DIGEST
    if (this.#file === undefined)
      return this.#memory?.subarray(start, start + BUCKET * DIGEST) ?? this.#bucket
    // Beyond the file's end there is nothing yet.
    this.#bucket.fill(0, readSync(this.#file, this.#bucket, 0, this.#bucket.length, start))
    return this.#bucket
  }

  #write(value: bigint, at: number): void {
    const bytes = Buffer.alloc(DIGEST)
    bytes.writeBigUInt64LE(value)
    if (this.#file === undefined) this.#memory?.set(bytes, at)
    else writeSync(this.#file, bytes, 0, DIGEST, at)
  }
}
