import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { philox } from "./philox.ts"
import { RandomStream } from "./random-stream.ts"

describe("philox", () => {
  // The known answers that Random123 publishes for philox4x32 with 10 rounds.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("counter %j, key %j", (counter, key, expected) => {
    const block = new Uint32Array(4)
    philox(block, Uint32Array.from(counter), Uint32Array.from(key))
    expect([...block]).toEqual(expected)
  })
})

describe("RandomStream", () => {
  it("gives the same numbers for the same name, and others for another", () => {
    const first = RandomStream.named(1, "noise", 7).normals(5)
    expect(RandomStream.named(1, "noise", 7).normals(5)).toEqual(first)
    expect(RandomStream.named(1, "noise", 8).normals(5)).not.toEqual(first)
    expect(RandomStream.named(2, "noise", 7).normals(5)).not.toEqual(first)
  })

  it("keeps whole numbers below their bound and permutations complete", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), (seed, size) => {
        const stream = RandomStream.named(seed, "property")
        expect(stream.integers(50, size).every((value) => value >= 0 && value < size)).toBe(true)
        expect([...stream.permutation(size)].sort((a, b) => a - b)).toEqual(
          Array.from({ length: size }, (_, i) => i),
        )
      }),
    )
  })

  it("has the mean and the spread of its distributions", () => {
    const stream = RandomStream.named(3, "moments")
    const normals = stream.normals(100_000)
    const mean = normals.reduce((sum, value) => sum + value, 0) / normals.length
    const variance = normals.reduce((sum, value) => sum + (value - mean) ** 2, 0) / normals.length
    expect(Math.abs(mean)).toBeLessThan(0.02)
    expect(Math.abs(variance - 1)).toBeLessThan(0.03)
  })
})
