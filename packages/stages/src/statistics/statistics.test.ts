import * as fc from "fast-check"
import { describe, expect, expectTypeOf, it } from "vitest"
import { RandomStream } from "../randomness/index.ts"
import { bootstrap, estimateOf, percentileInterval, pValueAgainst, type Seeds } from "./bootstrap.ts"
import { comparePaired } from "./comparison.ts"
import { benjaminiHochberg, holm } from "./correction.ts"
import { equivalenceOf } from "./equivalence.ts"
import type { Estimate } from "./estimate.ts"
import { type Interval, stratifiedInterval, studentInterval, wilsonInterval } from "./interval.ts"
import { mcnemarTest } from "./mcnemar.ts"
import { mean } from "./moments.ts"
import type { Grouping } from "./resampling.ts"
import { shareEstimate, summaryEstimate } from "./scores.ts"

const stream = (...name: ReadonlyArray<string | number>) => RandomStream.named(1, "statistics test", ...name)
const width = ({ low, high }: Interval): number => high - low
const holds = ({ low, high }: Interval, value: number): boolean => low <= value && value <= high
const ones = (right: number, all: number): Float64Array =>
  Float64Array.from({ length: all }, (_, item) => (item < right ? 1 : 0))

const count = fc
  .integer({ min: 1, max: 400 })
  .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)))

describe("analytic intervals", () => {
  it("contain their estimate, have a width, and stay in 0…1", () => {
    fc.assert(
      fc.property(count, count, ([x, n], [y, m]) => {
        const strata = [
          { successes: x, trials: n },
          { successes: y, trials: m },
        ]
        for (const [interval, estimate] of [
          [wilsonInterval(x, n), x / n],
          [stratifiedInterval(strata), (x / n + y / m) / 2],
        ] as const) {
          expect(holds(interval, estimate)).toBe(true)
          expect(interval.low).toBeGreaterThanOrEqual(0)
          expect(interval.high).toBeLessThanOrEqual(1)
          expect(width(interval)).toBeGreaterThan(0)
        }
      }),
    )
  })

  it("of one seed alone there is none over seeds", () => {
    expect(studentInterval([1])).toBeUndefined()
  })
})

describe("the bootstrap", () => {
  const values = fc.array(fc.constantFrom(0, 1), { minLength: 10, maxLength: 10 })
  const groupings: ReadonlyArray<Grouping | undefined> = [
    undefined,
    { kind: "strata", sizes: [3, 0, 5, 2] },
    { kind: "clusters", sizes: [3, 5, 2] },
  ]

  it("contains its estimate and repeats itself, whatever the grouping and the seeds", () => {
    fc.assert(
      fc.property(values, values, fc.constantFrom(...groupings), fc.boolean(), (a, b, grouping, several) => {
        const of: Seeds = several ? [a, b] : [a]
        const sample = { of, ...(grouping && { grouping }) }
        const found = bootstrap(sample, stream(), 200)
        expect(found.estimate).toBeCloseTo(estimateOf(of, grouping), 12)
        expect(holds(percentileInterval(found), found.estimate)).toBe(true)
        expect(bootstrap(sample, stream(), 200)).toEqual(found)
      }),
      { numRuns: 40 },
    )
  })

  it("passes into the normal distribution of many items without a jump, whatever the grouping", () => {
    const [few, many] = [400, 1000]
    const sides = (grouping: Grouping["kind"] | undefined, replicates: number) => {
      const items = Float64Array.from({ length: 5000 }, (_, index) => (index % 7 < 3 ? 1 : 0))
      const sizes = new Array(500).fill(10)
      const found = bootstrap(
        { of: [items], ...(grouping && { grouping: { kind: grouping, sizes } }) },
        stream(replicates),
        replicates,
      )
      return width(percentileInterval(found))
    }
    for (const grouping of [undefined, "strata", "clusters"] as const)
      expect(sides(grouping, many) / sides(grouping, few)).toBeCloseTo(1, 0.7)
  })

  it("does so with several seeds on both sides, too", () => {
    const seeds = (shift: number): Seeds => [
      ones(300 + shift, 2000),
      ones(310 + shift, 2000),
      Float64Array.from({ length: 2000 }, (_, item) => (item % 6 === 0 ? 1 : 0)),
    ]
    const of = (replicates: number) =>
      bootstrap({ of: seeds(90), without: seeds(0) }, stream("several"), replicates)
    const [drawn, normal] = [of(499), of(4000)]
    expect(normal.estimate).toBeCloseTo(drawn.estimate, 12)
    expect(width(percentileInterval(normal)) / width(percentileInterval(drawn))).toBeCloseTo(1, 0.7)
  })

  it("widens when items come in clusters that agree", () => {
    const items = Float64Array.from({ length: 200 }, (_, index) => (Math.floor(index / 10) % 3 === 0 ? 1 : 0))
    const clusters: Grouping = { kind: "clusters", sizes: new Array(20).fill(10) }
    const plain = width(percentileInterval(bootstrap({ of: [items] }, stream(), 1000)))
    const grouped = width(percentileInterval(bootstrap({ of: [items], grouping: clusters }, stream(), 1000)))
    expect(grouped).toBeGreaterThan(2 * plain)
  })

  it("widens with the spread of the seeds, but not with seeds that agree", () => {
    const [agree, differ] = [
      [ones(50, 100), ones(50, 100), ones(50, 100)],
      [ones(20, 100), ones(50, 100), ones(80, 100)],
    ] as const
    const of = (seeds: Seeds) => width(percentileInterval(bootstrap({ of: seeds }, stream(), 1000)))
    expect(of(agree) / of([ones(50, 100)])).toBeCloseTo(1, 0.9)
    expect(of(differ)).toBeGreaterThan(4 * of(agree))
  })
})

/** A run of a made-up model: its own share, and items that are easier or harder for all runs alike. */
const experiment = (random: RandomStream, seeds: number, items: number, spread: number): Seeds => {
  const ease = random.normals(items)
  const shift = random.normals(seeds)
  const answers = (seed: number): Float64Array =>
    Float64Array.from(ease, (value) => value + spread * (shift[seed] ?? 0) + (random.normals(1)[0] ?? 0))
  return [answers(0), ...Array.from({ length: seeds - 1 }, (_, other) => answers(other + 1))]
}

describe("coverage: of 300 made-up experiments the interval holds the truth in about 95 %", () => {
  it.each([
    ["one seed", 1, 60, 0],
    ["three seeds that differ as much as chance makes them", 3, 60, 0],
    ["three seeds that differ more than the items do", 3, 60, 0.6],
    ["eight seeds", 8, 40, 0.3],
  ])("with %s", (name, seeds, items, spread) => {
    let held = 0
    for (let number = 0; number < 300; number++) {
      const random = stream(name, number)
      const found = bootstrap({ of: experiment(random, seeds, items, spread) }, random, 400)
      if (holds(percentileInterval(found), 0)) held++
    }
    expect(held / 300).toBeGreaterThan(0.91)
    expect(held / 300).toBeLessThan(0.999)
  })

  it("and a difference that is not there is called one in about 5 %", () => {
    let found = 0
    for (let number = 0; number < 300; number++) {
      const random = stream("size", number)
      const [before, after] = [experiment(random, 1, 80, 0), experiment(random, 1, 80, 0)]
      if (pValueAgainst(bootstrap({ of: after, without: before }, random, 400), 0) < 0.05) found++
    }
    expect(found / 300).toBeLessThan(0.09)
    expect(found / 300).toBeGreaterThan(0.015)
  })
})

describe("a paired comparison", () => {
  it("lies in 0…1 and doesn't care which side is which (McNemar)", () => {
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

  it("turns its sign with the order, and leaves a doubt where nothing changed", () => {
    const bits = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 1)), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(bits, (pairs) => {
        const [before, after] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)]
        const there = comparePaired([before], [after], stream())
        const back = comparePaired([after], [before], stream())
        expect(there.value).toBeCloseTo(mean(after) - mean(before), 12)
        expect(back.value).toBeCloseTo(-there.value, 12)
        expect(holds(there.interval, there.value)).toBe(true)
        const same = comparePaired([before], [before], stream())
        expect(same).toMatchObject({ value: 0, p: 1, changes: { gained: 0, lost: 0 } })
        expect(same.interval.low).toBeLessThan(0)
      }),
      { numRuns: 25 },
    )
  })

  it("counts changes only of plain answers of single seeds", () => {
    const plain = ones(5, 20)
    expect(comparePaired([plain], [ones(9, 20)], stream())).toMatchObject({
      test: "mcnemar",
      p: mcnemarTest(4, 0),
      changes: { gained: 4, lost: 0 },
      units: 20,
      seeds: { before: 1, after: 1 },
    })
    const several = comparePaired([plain], [plain, plain], stream())
    expect(several).toMatchObject({ test: "paired-bootstrap", isUnchanged: true, value: 0 })
    expect(several.interval.low).toBeLessThan(0)
    expect(comparePaired([plain.map((value) => value / 2)], [plain], stream()).changes).toBeUndefined()
  })
})

describe("corrections", () => {
  const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 })

  it("never make a p-value smaller, keep the order, and Holm's is the stricter one", () => {
    fc.assert(
      fc.property(values, (given) => {
        const [strict, mild] = [holm(given), benjaminiHochberg(given)]
        given.forEach((value, index) => {
          expect(mild[index]).toBeGreaterThanOrEqual(value - 1e-12)
          expect(strict[index]).toBeGreaterThanOrEqual((mild[index] ?? 2) - 1e-12)
          expect(strict[index]).toBeLessThanOrEqual(1)
          given.forEach((other, place) => {
            if (value < other) expect(strict[index]).toBeLessThanOrEqual(strict[place] ?? -1)
          })
        })
      }),
    )
  })
})

describe("equivalence", () => {
  const same = (items: number) => comparePaired([ones(items / 2, items)], [ones(items / 2, items)], stream())

  it("needs enough items even where not one answer changed", () => {
    expect(equivalenceOf(same(40), 0.01).isPreserved).toBe(false)
    // With a hundredth of all items changed, none of 200 would have in 13 of 100 draws.
    expect(equivalenceOf(same(200), 0.01)).toMatchObject({
      isPreserved: false,
      p: expect.closeTo(0.99 ** 200, 9),
    })
    expect(equivalenceOf(same(300), 0.01).isPreserved).toBe(true)
    expect(equivalenceOf(same(2000), 0.01).isPreserved).toBe(true)
  })

  it("is not the absence of a difference, nor a difference's contrary", () => {
    const noisy = comparePaired([ones(20, 40)], [ones(21, 40)], stream())
    expect(noisy.p).toBeGreaterThan(0.05)
    expect(equivalenceOf(noisy, 0.01).isPreserved).toBe(false)
    const small = comparePaired([ones(10_000, 20_000)], [ones(10_040, 20_000)], stream())
    expect(small.p).toBeLessThan(0.05)
    expect(equivalenceOf(small, 0.01)).toMatchObject({ isPreserved: true, margin: 0.01 })
  })

  it("is granted more easily with a wider margin", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 }), (a, b) => {
        const difference = comparePaired([ones(a, 200)], [ones(b, 200)], stream())
        const granted = [0.01, 0.05, 0.2].map((margin) => equivalenceOf(difference, margin).isPreserved)
        expect([...granted].sort()).toEqual(granted)
      }),
      { numRuns: 20 },
    )
  })
})

describe("an estimate", () => {
  it("has items, seeds and an interval, or is none", () => {
    expectTypeOf<{ value: number; n: number; seeds: number }>().not.toExtend<Estimate>()
    expectTypeOf<{ value: number; n: number; interval: Interval }>().not.toExtend<Estimate>()
    expectTypeOf<{ value: number; seeds: number; interval: Interval }>().not.toExtend<Estimate>()
    expectTypeOf<number>().not.toExtend<Estimate>()
  })

  it("of answers that are all right is no certainty", () => {
    const { value, interval, n, seeds } = shareEstimate([ones(30, 30), ones(30, 30)], stream())
    expect({ value, n, seeds }).toEqual({ value: 1, n: 30, seeds: 2 })
    expect(interval.low).toBeLessThan(0.95)
    expect(interval.high).toBe(1)
  })

  it("known of whole seeds only has the spread of items and of seeds in it", () => {
    const items = { low: 0.45, high: 0.55 }
    const one = summaryEstimate([0.5], [items], 100)
    expect(one.interval).toEqual(items)
    const three = summaryEstimate([0.4, 0.5, 0.6], [items, items, items], 100)
    expect(width(three.interval)).toBeGreaterThan(width({ low: 0.25, high: 0.75 }))
  })
})
