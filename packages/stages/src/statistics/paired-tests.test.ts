import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RandomStream } from "../randomness/index.ts"
import { bootstrap, pValueAgainst, type Seeds } from "./bootstrap.ts"
import { comparePaired } from "./comparison.ts"
import { changeInterval } from "./interval.ts"
import { mcnemarTest } from "./mcnemar.ts"
import { permutationTest } from "./permutation.ts"

const stream = (...name: ReadonlyArray<string | number>) => RandomStream.named(4, "paired tests", ...name)

/** Answers before and after of which so many are gained and lost, the rest wrong. */
const answers = (items: number, gained: number, lost: number) => ({
  before: Float64Array.from({ length: items }, (_, item) => (item >= gained && item < gained + lost ? 1 : 0)),
  after: Float64Array.from({ length: items }, (_, item) => (item < gained ? 1 : 0)),
})

const joined = (...parts: ReadonlyArray<ReturnType<typeof answers>>) => ({
  before: parts.flatMap(({ before }) => [...before]),
  after: parts.flatMap(({ after }) => [...after]),
})

const repeated = (values: ArrayLike<number>, seeds: number): Seeds => [
  values,
  ...Array.from({ length: seeds - 1 }, () => values),
]

describe("a test is of the difference that is told", () => {
  // 20 of a large class gained, 5 of a small one lost: as many points either way.
  const { before, after } = joined(answers(400, 20, 0), answers(100, 0, 5))
  const sizes = [400, 100]

  it("a mean over classes that is as it was is no change, whatever more items gained than lost", () => {
    const plain = comparePaired([before], [after], stream())
    expect(plain).toMatchObject({ test: "mcnemar", p: mcnemarTest(20, 5) })
    expect(plain.p).toBeLessThan(0.01)
    const byClass = comparePaired([before], [after], stream(), { kind: "strata", sizes })
    expect(byClass).toMatchObject({ test: "paired-permutation", value: 0, p: 1, isUnchanged: false })
    expect(byClass.changes).toEqual({ gained: 20, lost: 5 })
    expect(byClass.interval.low).toBeCloseTo(-byClass.interval.high, 2)
  })

  it("classes of one size count alike: there McNemar's test is of their mean", () => {
    const grouping = { kind: "strata", sizes: [250, 0, 250] } as const
    const found = comparePaired([before], [after], stream(), grouping)
    expect(found).toMatchObject({ test: "mcnemar", p: mcnemarTest(20, 5), value: 0.03 })
  })

  it("captions of one image are no five answers", () => {
    const captions = joined(...Array.from({ length: 40 }, (_, image) => answers(5, image < 4 ? 5 : 0, 0)))
    const grouping = { kind: "clusters", sizes: new Array(40).fill(5) } as const
    const found = comparePaired([captions.before], [captions.after], stream(), grouping)
    expect(found).toMatchObject({ test: "paired-permutation", p: 2 / 2 ** 4, value: 0.1 })
    expect(found.changes).toEqual({ gained: 20, lost: 0 })
  })

  it("several draws of a view are compared by their shares", () => {
    const shares = after.map((one, item) => (one + (before[item] ?? 0)) / 2)
    const found = comparePaired([before], [shares], stream())
    expect(found).toMatchObject({ test: "paired-permutation", changes: undefined })
    expect(found.p).toBeCloseTo(mcnemarTest(20, 5), 2)
  })
})

describe("what has not changed has a p of 1", () => {
  it.each([40, 300, 20_000])("with any seeds, of %i items: rounding is no difference", (items) => {
    const same = Float64Array.from({ length: items }, (_, item) => (item % 3 === 0 ? 1 : 0))
    for (const [from, to] of [
      [1, 3],
      [1, 5],
      [3, 3],
      [5, 6],
      [1, 10],
    ] as const) {
      const found = comparePaired(repeated(same, from), repeated(same, to), stream(items, from, to))
      expect(found).toMatchObject({ value: 0, p: 1, isUnchanged: true })
      expect(found.interval.low).toBeLessThan(0)
    }
  })

  it("but answers that cancel out over the seeds have changed", () => {
    const [one, other] = [
      [1, 0, 1, 0],
      [0, 1, 0, 1],
    ]
    const found = comparePaired([one, one], [one, other], stream())
    expect(found.isUnchanged).toBe(false)
    const mean = comparePaired([one, other], [[0.5, 0.5, 0.5, 0.5]], stream())
    expect(mean).toMatchObject({ value: 0, p: 1, isUnchanged: false })
  })
})

describe("the permutation", () => {
  it("is McNemar's test of plain items", () => {
    const count = fc.integer({ min: 0, max: 80 })
    fc.assert(
      fc.property(count, count, (gained, lost) => {
        const changes = [...new Array(gained).fill(1), ...new Array(lost).fill(-1)]
        const units = [Float64Array.from([...changes, 0, 0, 0])]
        const [ours, exact] = [permutationTest(units, stream(gained, lost)), mcnemarTest(gained, lost)]
        expect(Math.abs(ours - exact)).toBeLessThan(0.03)
        if (gained + lost <= 12) expect(ours).toBeCloseTo(exact, 12)
      }),
      { numRuns: 60 },
    )
  })

  it("goes on from draws to the normal distribution without a jump, and below what draws can show", () => {
    const of = (gained: number, lost: number) =>
      permutationTest(
        [Float64Array.from({ length: gained + lost }, (_, item) => (item < gained ? 1 : -1))],
        stream(),
      )
    expect(of(139, 105) / of(140, 106)).toBeCloseTo(1, 0.5)
    expect(of(90, 10)).toBeLessThan(1e-12)
    expect(of(90, 10)).toBeGreaterThanOrEqual(mcnemarTest(90, 10))
  })

  it("finds what is not there in no more than about 5 %, in classes of any sizes", () => {
    let found = 0
    for (let number = 0; number < 300; number++) {
      const random = stream("null", number)
      const changes = (items: number) =>
        Float64Array.from({ length: items }, () => (random.uniform() < 0.3 ? 2 * random.integer(2) - 1 : 0))
      if (permutationTest([changes(5), changes(20), changes(80)], random) < 0.05) found++
    }
    expect(found / 300).toBeLessThan(0.08)
    expect(found / 300).toBeGreaterThan(0.015)
  })
})

describe("the bootstrap of several seeds", () => {
  it("is no surer than the permutation where few items changed", () => {
    const { before, after } = answers(135, 5, 0)
    const found = comparePaired([before], repeated(after, 3), stream())
    expect(found).toMatchObject({ test: "paired-bootstrap", p: 2 / 2 ** 5 })
  })

  it("can pass a correction for many comparisons where the change is large", () => {
    const { before, after } = answers(500, 80, 10)
    const { p } = comparePaired([before], repeated(after, 3), stream())
    expect(300 * p).toBeLessThan(0.05)
    expect(p).toBeGreaterThanOrEqual(mcnemarTest(80, 10))
  })

  it("passes from counts to the normal distribution without a jump", () => {
    const values = stream("tail").normals(100)
    const found = bootstrap({ of: [values] }, stream("tail draws"))
    const { replicates } = found
    const ps = [6, 8, 10, 12, 15, 20].map((place) => pValueAgainst(found, replicates[place] ?? 0))
    for (const [index, p] of ps.entries()) {
      expect(p).toBeLessThan(0.02)
      expect(p).toBeGreaterThanOrEqual(0.8 * (ps[index - 1] ?? 0))
    }
  })
})

describe("the adjusted interval of a mean over strata", () => {
  it("is that of all items where the strata are alike, and wider where few items count for much", () => {
    const whole = changeInterval([{ gained: 12, lost: 4, items: 300 }])
    const parts = changeInterval(new Array(4).fill({ gained: 3, lost: 1, items: 75 }))
    expect(parts.low).toBeCloseTo(whole.low, 3)
    expect(parts.high).toBeCloseTo(whole.high, 3)
    const small = changeInterval([
      { gained: 12, lost: 4, items: 290 },
      { gained: 0, lost: 0, items: 10 },
    ])
    expect(small.high - small.low).toBeGreaterThan(1.2 * (whole.high - whole.low))
  })
})
