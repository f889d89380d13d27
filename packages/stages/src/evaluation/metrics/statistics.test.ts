import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RandomStream } from "../../randomness/index.ts"
import { bootstrapInterval, estimateOf, type Grouping } from "./bootstrap.ts"
import { comparePaired, mcnemarTest } from "./comparison.ts"
import { mean, stratifiedInterval, studentInterval, wilsonInterval } from "./intervals.ts"

const stream = (seed = 1) => RandomStream.named(seed, "statistics test")
const count = fc
  .integer({ min: 1, max: 400 })
  .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)))

describe("intervals", () => {
  it("are Wilson's", () => {
    // The classic example: 8 of 10.
    const { low, high } = wilsonInterval(8, 10)
    expect(low).toBeCloseTo(0.490162, 6)
    expect(high).toBeCloseTo(0.943318, 6)
  })

  it("contain their estimate and stay in 0…1", () => {
    fc.assert(
      fc.property(count, count, ([x, n], [y, m]) => {
        for (const [{ low, high }, estimate] of [
          [wilsonInterval(x, n), x / n],
          [
            stratifiedInterval([
              { successes: x, trials: n },
              { successes: y, trials: m },
            ]),
            (x / n + y / m) / 2,
          ],
        ] as const) {
          expect(low).toBeLessThanOrEqual(estimate)
          expect(high).toBeGreaterThanOrEqual(estimate)
          expect(low).toBeGreaterThanOrEqual(0)
          expect(high).toBeLessThanOrEqual(1)
          expect(high).toBeGreaterThan(low)
        }
      }),
    )
  })

  it("of few seeds follow Student's t", () => {
    expect(studentInterval([1])).toBeUndefined()
    const { low, high } = studentInterval([1, 2, 3]) ?? { low: 0, high: 0 }
    expect(low).toBeCloseTo(2 - 4.303 / Math.sqrt(3), 10)
    expect(high).toBeCloseTo(2 + 4.303 / Math.sqrt(3), 10)
  })
})

describe("the bootstrap", () => {
  it("contains the estimate, whatever the grouping, and repeats itself", () => {
    const sizes = [3, 0, 5, 2]
    const values = fc.array(fc.constantFrom(0, 1), { minLength: 10, maxLength: 10 })
    const groupings: ReadonlyArray<Grouping | undefined> = [
      undefined,
      { kind: "strata", sizes },
      { kind: "clusters", sizes: [3, 5, 2] },
    ]
    fc.assert(
      fc.property(values, fc.constantFrom(...groupings), (items, grouping) => {
        const interval = bootstrapInterval(items, stream(), grouping)
        expect(interval.low).toBeLessThanOrEqual(estimateOf(items, grouping))
        expect(interval.high).toBeGreaterThanOrEqual(estimateOf(items, grouping))
        expect(bootstrapInterval(items, stream(), grouping)).toEqual(interval)
      }),
      { numRuns: 30 },
    )
  })

  it("agrees with Wilson's on a large share", () => {
    const items = Float64Array.from({ length: 1000 }, (_, index) => (index % 10 < 3 ? 1 : 0))
    const [resampled, exact] = [bootstrapInterval(items, stream()), wilsonInterval(300, 1000)]
    expect(resampled.low).toBeCloseTo(exact.low, 2)
    expect(resampled.high).toBeCloseTo(exact.high, 2)
  })

  it("passes into the normal approximation without a jump", () => {
    const items = (length: number) => Float64Array.from({ length }, (_, index) => (index % 4 === 0 ? 1 : 0))
    const [small, large] = [9_996, 10_004].map((length) => bootstrapInterval(items(length), stream()))
    expect(small?.low).toBeCloseTo(large?.low ?? 0, 2)
    expect(small?.high).toBeCloseTo(large?.high ?? 0, 2)
  })

  it("widens when items come in clusters that agree", () => {
    const items = Float64Array.from({ length: 200 }, (_, index) => (Math.floor(index / 10) % 3 === 0 ? 1 : 0))
    const width = (grouping?: Grouping) => {
      const { low, high } = bootstrapInterval(items, stream(), grouping)
      return high - low
    }
    expect(width({ kind: "clusters", sizes: new Array(20).fill(10) })).toBeGreaterThan(2 * width())
  })
})

describe("paired comparison", () => {
  it("gives McNemar's exact p-values", () => {
    expect(mcnemarTest(0, 0)).toBe(1)
    expect(mcnemarTest(5, 5)).toBe(1)
    expect(mcnemarTest(1, 9)).toBeCloseTo(22 / 1024, 12)
    expect(mcnemarTest(0, 6)).toBeCloseTo(2 / 64, 12)
    expect(mcnemarTest(3, 8)).toBeCloseTo((2 * (1 + 11 + 55 + 165)) / 2048, 12)
    expect(mcnemarTest(4000, 4200)).toBeCloseTo(0.0279, 3)
  })

  it("lies in 0…1 and doesn't care which side is which", () => {
    const number = fc.integer({ min: 0, max: 3000 })
    fc.assert(
      fc.property(number, number, (gained, lost) => {
        const p = mcnemarTest(gained, lost)
        expect(p).toBeGreaterThanOrEqual(0)
        expect(p).toBeLessThanOrEqual(1)
        expect(mcnemarTest(lost, gained)).toBe(p)
      }),
    )
  })

  it("turns its sign with the order, and sees nothing where nothing changed", () => {
    const bits = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 1)), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(bits, (pairs) => {
        const [before, after] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)]
        const there = comparePaired(before, after, stream())
        const back = comparePaired(after, before, stream())
        expect(there.difference).toBeCloseTo(mean(after) - mean(before), 12)
        expect(back.difference).toBeCloseTo(-there.difference, 12)
        expect(comparePaired(before, before, stream()).interval).toEqual({ low: 0, high: 0 })
      }),
      { numRuns: 30 },
    )
  })
})
