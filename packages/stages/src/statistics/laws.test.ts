import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RandomStream } from "../randomness/index.ts"
import { bootstrap, percentileInterval } from "./bootstrap.ts"
import { comparePaired } from "./comparison.ts"
import { benjaminiHochberg, holm } from "./correction.ts"
import { equivalenceOf } from "./equivalence.ts"
import { changeInterval, type Interval, wilsonInterval } from "./interval.ts"
import { mcnemarTest } from "./mcnemar.ts"
import { shareEstimate } from "./scores.ts"

const stream = (...name: ReadonlyArray<string | number>) => RandomStream.named(2, "laws", ...name)
const width = ({ low, high }: Interval): number => high - low
const near = (one: Interval, other: Interval, most: number): void => {
  expect(Math.abs(one.low - other.low)).toBeLessThanOrEqual(most)
  expect(Math.abs(one.high - other.high)).toBeLessThanOrEqual(most)
}

describe("the order of items and seeds means nothing", () => {
  const bits = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 1)), {
    minLength: 300,
    maxLength: 300,
  })

  it("to a paired comparison: what is drawn differs by chance alone", () => {
    fc.assert(
      fc.property(bits, fc.nat(), (pairs, seed) => {
        const order = stream("order", seed).permutation(pairs.length)
        const shuffled = Array.from(order, (place) => pairs[place] ?? ([0, 0] as const))
        const compare = (given: ReadonlyArray<readonly [number, number]>) =>
          comparePaired([given.map(([before]) => before)], [given.map(([, after]) => after)], stream("same"))
        const [there, here] = [compare(pairs), compare(shuffled)]
        expect(here.p).toBe(there.p)
        expect(here.changes).toEqual(there.changes)
        expect(here.value).toBeCloseTo(there.value, 12)
        near(here.interval, there.interval, 0.1 * width(there.interval))
      }),
      { numRuns: 10 },
    )
  })

  it("to a share over seeds", () => {
    const seeds = [0, 1, 2].map((seed) =>
      Float64Array.from(stream("seed", seed).normals(500), (value) => (value > 0.2 * seed ? 1 : 0)),
    )
    const [a, b, c] = seeds
    if (a === undefined || b === undefined || c === undefined) throw new Error("no seeds")
    const [one, other] = [shareEstimate([a, b, c], stream("a")), shareEstimate([c, a, b], stream("b"))]
    expect(one.value).toBeCloseTo(other.value, 12)
    near(one.interval, other.interval, 0.1 * width(one.interval))
  })
})

describe("more of the same is surer", () => {
  const counts = fc.integer({ min: 1, max: 200 })

  it("intervals: with more items narrower, at a higher level wider", () => {
    fc.assert(
      fc.property(counts, counts, (right, wrong) => {
        const [n, k] = [right + wrong, right]
        expect(width(wilsonInterval(4 * k, 4 * n))).toBeLessThan(width(wilsonInterval(k, n)))
        expect(width(wilsonInterval(k, n, 0.99))).toBeGreaterThan(width(wilsonInterval(k, n)))
        const changed = (times: number) => ({ gained: times * right, lost: times * wrong, items: times * n })
        expect(width(changeInterval([changed(4)]))).toBeLessThan(width(changeInterval([changed(1)])))
      }),
    )
  })

  it("McNemar's test: the more uneven the changes, the smaller its p", () => {
    fc.assert(
      fc.property(counts, counts, (gained, lost) => {
        const [more, fewer] = [Math.max(gained, lost), Math.min(gained, lost)]
        expect(mcnemarTest(more + 1, fewer)).toBeLessThanOrEqual(mcnemarTest(more, fewer))
        expect(mcnemarTest(2 * more, 2 * fewer)).toBeLessThanOrEqual(mcnemarTest(more, fewer) + 1e-12)
      }),
    )
  })

  it("corrections: one comparison more makes no other surer", () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(values, (given) => {
        const [alone, among] = [holm(given), holm([...given, 1])]
        given.forEach((_, place) => {
          expect(among[place]).toBeGreaterThanOrEqual((alone[place] ?? 0) - 1e-12)
        })
        expect(benjaminiHochberg(given.toReversed())).toEqual(benjaminiHochberg(given).toReversed())
      }),
    )
  })

  it("the bootstrap: a wider level holds the narrower one", () => {
    const found = bootstrap({ of: [stream("level").normals(80)] }, stream("draws"), 1000)
    const [narrow, usual, wide] = [0.8, 0.95, 0.99].map((level) => percentileInterval(found, level))
    expect(width(narrow ?? { low: 0, high: 9 })).toBeLessThan(width(usual ?? { low: 0, high: 0 }))
    expect(width(usual ?? { low: 0, high: 9 })).toBeLessThan(width(wide ?? { low: 0, high: 0 }))
  })
})

/** Answers of which so many change for the better and for the worse, on the mean. */
const changed = (random: RandomStream, items: number, better: number, worse: number) => {
  const before = new Float64Array(items)
  const after = Float64Array.from(before, (_, item) => {
    const draw = random.uniform()
    before[item] = draw < better ? 0 : draw < better + worse ? 1 : item % 2
    return draw < better ? 1 : draw < better + worse ? 0 : item % 2
  })
  return { before, after }
}

describe("errors are as rare as promised, over made-up experiments", () => {
  it("a change of just the margin is called preserved in no more than about 5 %", () => {
    let granted = 0
    for (let number = 0; number < 200; number++) {
      const { before, after } = changed(stream("margin", number), 400, 0.06, 0.03)
      const found = comparePaired([before], [after], stream("margin draws", number))
      if (equivalenceOf(found, 0.03).isPreserved) granted++
    }
    expect(granted / 200).toBeLessThan(0.09)
  })

  it("and no change is called preserved in most, where there are items enough", () => {
    let granted = 0
    for (let number = 0; number < 60; number++) {
      const { before, after } = changed(stream("none", number), 1500, 0.02, 0.02)
      const found = comparePaired([before], [after], stream("none draws", number))
      if (equivalenceOf(found, 0.03).isPreserved) granted++
    }
    expect(granted / 60).toBeGreaterThan(0.9)
  })

  it("McNemar's test finds what is not there in no more than 5 %, Holm's any of ten in no more than 5 %", () => {
    let [single, any] = [0, 0]
    for (let number = 0; number < 400; number++) {
      const random = stream("null", number)
      const values = Array.from({ length: 10 }, () => {
        const gained = Array.from({ length: 30 }, () => random.integer(2)).filter((one) => one === 1).length
        return mcnemarTest(gained, 30 - gained)
      })
      if ((values[0] ?? 1) < 0.05) single++
      if (holm(values).some((p) => p < 0.05)) any++
    }
    expect(single / 400).toBeLessThan(0.075)
    expect(any / 400).toBeLessThan(0.075)
  })
})
