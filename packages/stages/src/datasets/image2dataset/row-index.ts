import { ROW_DIGEST } from "./lists/index.ts"

const FIRST_SIZE = 1 << 12

/** Where rows stood before, by their digests: 24 bytes a row and half as much of air. */
export class RowIndex {
  #low = new Uint32Array(FIRST_SIZE)
  #high = new Uint32Array(FIRST_SIZE)
  #shards = new Int32Array(FIRST_SIZE).fill(-1)
  #rows = new Uint32Array(FIRST_SIZE)
  #count = 0

  /** Adds the rows of a shard; those that are known stay where they are. */
  add(shard: number, digests: Buffer): void {
    for (let row = 0; row * ROW_DIGEST < digests.length; row++) {
      if (this.#count * 3 > this.#shards.length * 2) this.#grow()
      const low = digests.readUInt32LE(row * ROW_DIGEST)
      const high = digests.readUInt32LE(row * ROW_DIGEST + 4)
      const slot = this.#slot(low, high)
      if (this.#shards[slot] !== -1) continue
      this.#set(slot, low, high, shard, row)
      this.#count += 1
    }
  }

  /** Where a row stands whose digest begins at `offset`. */
  find(digests: Buffer, offset: number): { readonly shard: number; readonly row: number } | undefined {
    const slot = this.#slot(digests.readUInt32LE(offset), digests.readUInt32LE(offset + 4))
    const shard = this.#shards[slot] ?? -1
    return shard === -1 ? undefined : { shard, row: this.#rows[slot] ?? 0 }
  }

  #slot(low: number, high: number): number {
    const mask = this.#shards.length - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask)
      if (this.#shards[slot] === -1 || (this.#low[slot] === low && this.#high[slot] === high)) return slot
  }

  #set(slot: number, low: number, high: number, shard: number, row: number): void {
    this.#low[slot] = low
    this.#high[slot] = high
    this.#shards[slot] = shard
    this.#rows[slot] = row
  }

  #grow(): void {
    const [low, high, shards, rows] = [this.#low, this.#high, this.#shards, this.#rows]
    const size = shards.length * 2
    this.#low = new Uint32Array(size)
    this.#high = new Uint32Array(size)
    this.#shards = new Int32Array(size).fill(-1)
    this.#rows = new Uint32Array(size)
    for (const [old, shard] of shards.entries()) {
      if (shard === -1) continue
      const [a, b] = [low[old] ?? 0, high[old] ?? 0]
      this.#set(this.#slot(a, b), a, b, shard, rows[old] ?? 0)
    }
  }
}
