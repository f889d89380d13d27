import { createHash } from "node:crypto"
import { philox } from "./philox.ts"

/**
 * Random numbers that depend on nothing but their name: the same (seed, purpose …) gives the same numbers on every
 * machine, in whatever order, after whatever interruption.
 *
 * @example
 * const noise = RandomStream.named(42, "train/diva", "noise", step, draw).normals(16 * 16 * 4)
 */
export class RandomStream {
  readonly #key: Uint32Array
  readonly #counter: Uint32Array
  readonly #block = new Uint32Array(4)
  #used = 4

  private constructor(name: Buffer) {
    this.#key = Uint32Array.of(name.readUInt32LE(0), name.readUInt32LE(4))
    // Half of the counter is part of the name, so that two names meet with probability 2⁻¹²⁸.
    this.#counter = Uint32Array.of(0, 0, name.readUInt32LE(8), name.readUInt32LE(12))
  }

  /** The stream of the given seed for the given purpose. */
  static named(seed: number, ...purpose: ReadonlyArray<string | number>): RandomStream {
    return new RandomStream(
      createHash("sha256")
        .update(JSON.stringify([seed, ...purpose]))
        .digest(),
    )
  }

  /** The next 32 random bits, as an unsigned number. */
  word(): number {
    if (this.#used === 4) {
      philox(this.#block, this.#counter, this.#key)
      this.#counter[0] = (this.#counter[0] ?? 0) + 1
      if (this.#counter[0] === 0) this.#counter[1] = (this.#counter[1] ?? 0) + 1
      this.#used = 0
    }
    return this.#block[this.#used++] ?? 0
  }

  /** The next number in [0, 1), with 53 random bits. */
  uniform(): number {
    const high = this.word() >>> 5
    const low = this.word() >>> 6
    return (high * 0x4000000 + low) / 0x20000000000000
  }

  /** The next whole number in 0…below−1, without bias. `below` is at most 2³². */
  integer(below: number): number {
    const limit = 0x100000000 - (0x100000000 % below)
    for (;;) {
      const word = this.word()
      if (word < limit) return word % below
    }
  }

  /** `count` whole numbers in 0…below−1, drawn with replacement. */
  integers(count: number, below: number): Int32Array {
    return Int32Array.from({ length: count }, () => this.integer(below))
  }

  /** `count` numbers of the standard normal distribution (Box and Muller's method). */
  normals(count: number): Float32Array {
    const values = new Float32Array(count)
    for (let index = 0; index < count; index += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
      const angle = 2 * Math.PI * this.uniform()
      values[index] = radius * Math.cos(angle)
      if (index + 1 < count) values[index + 1] = radius * Math.sin(angle)
    }
    return values
  }

  /** One of the given things. */
  pick<A>(choices: readonly [A, ...ReadonlyArray<A>]): A {
    return choices[this.integer(choices.length)] ?? choices[0]
  }

  /** The numbers 0…count−1 in random order (Fisher and Yates' method). */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, index) => index)
    for (let last = count - 1; last > 0; last--) {
      const other = this.integer(last + 1)
      const kept = order[last] ?? 0
      order[last] = order[other] ?? 0
      order[other] = kept
    }
    return order
  }
}
