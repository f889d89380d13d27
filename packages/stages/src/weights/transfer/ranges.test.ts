import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { addRange, type ByteRange, bytesOf, missingOf, piecesOf } from "./ranges.ts"

const range = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]): ByteRange => [Math.min(a, b), Math.max(a, b)])
const some = fc.array(range, { maxLength: 12 })

const unite = (all: ReadonlyArray<ByteRange>) => all.reduce<ReadonlyArray<ByteRange>>(addRange, [])
const members = (all: ReadonlyArray<ByteRange>): ReadonlySet<number> =>
  new Set(all.flatMap(([start, end]) => Array.from({ length: end - start }, (_, index) => start + index)))

describe("ranges", () => {
  it("hold the bytes that were added, sorted and apart", () => {
    fc.assert(
      fc.property(some, (all) => {
        const united = unite(all)
        assert.deepStrictEqual([...members(united)].sort(), [...members(all)].sort())
        assert.strictEqual(bytesOf(united), members(all).size)
        for (const [index, [start, end]] of united.entries()) {
          assert.isBelow(start, end)
          assert.isTrue(index === 0 || start > (united[index - 1]?.[1] ?? 0))
        }
      }),
    )
  })

  it("know what is missing, and are whole with it", () => {
    fc.assert(
      fc.property(some, range, (all, within) => {
        const united = unite(all)
        const missing = missingOf(united, within)
        const expected = [...members([within])].filter((byte) => !members(all).has(byte))
        assert.deepStrictEqual([...members(missing)], expected)
      }),
    )
  })

  it("are cut without loss", () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 20 }), (all, length) => {
        const united = unite(all)
        const pieces = piecesOf(united, length)
        assert.deepStrictEqual(unite(pieces), united)
        assert.strictEqual(bytesOf(pieces), bytesOf(united))
        for (const [start, end] of pieces) assert.isTrue(end - start <= length && end > start)
      }),
    )
  })
})
