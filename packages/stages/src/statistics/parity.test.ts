import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { RandomStream } from "../randomness/index.ts"
import { bootstrap, percentileInterval, type Seeds } from "./bootstrap.ts"
import { unitChanges } from "./changes.ts"
import { comparePaired } from "./comparison.ts"
import { benjaminiHochberg, holm } from "./correction.ts"
import { binomialAtMost, normalBelow, normalQuantile, studentQuantile } from "./distributions.ts"
import { equivalenceOf } from "./equivalence.ts"
import { changeInterval, type Interval, studentInterval, wilsonInterval } from "./interval.ts"
import { mcnemarTest } from "./mcnemar.ts"
import { permutationTest } from "./permutation.ts"

interface Fixture {
  readonly "student-quantile": ReadonlyArray<readonly [p: number, freedom: number, value: number]>
  readonly "normal-quantile": ReadonlyArray<readonly [p: number, value: number]>
  readonly "binomial-at-most": ReadonlyArray<
    readonly [count: number, trials: number, share: number, value: number]
  >
  readonly "normal-below": ReadonlyArray<readonly [z: number, value: number]>
  readonly wilson: ReadonlyArray<readonly [successes: number, trials: number, level: number, Interval]>
  readonly mcnemar: ReadonlyArray<readonly [gained: number, lost: number, p: number]>
  readonly holm: ReadonlyArray<readonly [ReadonlyArray<number>, ReadonlyArray<number>]>
  readonly "benjamini-hochberg": Fixture["holm"]
  readonly "student-interval": ReadonlyArray<readonly [ReadonlyArray<number>, level: number, Interval]>
  readonly equivalence: ReadonlyArray<
    readonly [before: ReadonlyArray<number>, after: ReadonlyArray<number>, margin: number, p: number]
  >
  readonly change: ReadonlyArray<
    readonly [gained: number, lost: number, items: number, level: number, Interval]
  >
  readonly permutation: ReadonlyArray<
    readonly [changes: ReadonlyArray<number>, sizes: ReadonlyArray<number>, p: number]
  >
  readonly bootstrap: { readonly values: ReadonlyArray<number>; readonly interval: Interval }
  readonly "bootstrap-clusters": {
    readonly clusters: ReadonlyArray<ReadonlyArray<number>>
    readonly interval: Interval
  }
  readonly "bootstrap-seeds": { readonly seeds: Seeds; readonly interval: Interval }
}

const fixture: Fixture = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../test/fixtures/statistics/statistics.json"), "utf8"),
)

const near = (ours: Interval | undefined, theirs: Interval, digits = 9) => {
  expect(ours?.low).toBeCloseTo(theirs.low, digits)
  expect(ours?.high).toBeCloseTo(theirs.high, digits)
}

const relative = (ours: number, theirs: number, most = 1e-9) =>
  expect(Math.abs(ours - theirs)).toBeLessThanOrEqual(most * Math.max(Math.abs(theirs), 1e-6))

describe("scipy and statsmodels agree on", () => {
  it("the distributions", () => {
    for (const [p, freedom, value] of fixture["student-quantile"])
      relative(studentQuantile(p, freedom), value, 1e-7)
    for (const [p, value] of fixture["normal-quantile"]) relative(normalQuantile(p), value)
    for (const [count, trials, share, value] of fixture["binomial-at-most"])
      relative(binomialAtMost(count, trials, share), value, 1e-6)
    for (const [z, value] of fixture["normal-below"]) relative(normalBelow(z), value, 1e-6)
  })

  it("Wilson's interval", () => {
    for (const [successes, trials, level, interval] of fixture.wilson)
      near(wilsonInterval(successes, trials, level), interval)
  })

  it("McNemar's exact test", () => {
    for (const [gained, lost, p] of fixture.mcnemar) relative(mcnemarTest(gained, lost), p)
  })

  it("the corrections of Holm, and of Benjamini and Hochberg", () => {
    for (const [given, adjusted] of fixture.holm)
      for (const [index, value] of holm(given).entries()) relative(value, adjusted[index] ?? -1)
    for (const [given, adjusted] of fixture["benjamini-hochberg"])
      for (const [index, value] of benjaminiHochberg(given).entries()) relative(value, adjusted[index] ?? -1)
  })

  it("Student's interval", () => {
    for (const [values, level, interval] of fixture["student-interval"])
      near(studentInterval(values, level), interval, 8)
  })

  it("two one-sided tests of paired answers, as far as chance allows", () => {
    for (const [before, after, margin, p] of fixture.equivalence) {
      const stream = RandomStream.named(1, "parity", "equivalence")
      const ours = equivalenceOf(comparePaired([before], [after], stream), margin).p
      // The test of counts makes ours the stricter one where few items changed.
      expect(ours - p).toBeGreaterThan(-0.03)
      expect(ours - p).toBeLessThan(margin < 0.02 ? 0.2 : 0.03)
    }
  })

  it("the paired permutation test of a mean over classes", () => {
    const stream = RandomStream.named(1, "parity", "permutation")
    for (const [changes, sizes, p] of fixture.permutation) {
      const units = unitChanges([changes.map(() => 0)], [changes], { kind: "strata", sizes })
      relative(permutationTest(units, stream), p)
    }
  })

  it("the adjusted interval of a change", () => {
    for (const [gained, lost, items, level, interval] of fixture.change)
      near(changeInterval([{ gained, lost, items }], level), interval)
  })

  it("the bootstrap, as far as chance allows", () => {
    const stream = (name: string) => RandomStream.named(1, "parity", name)
    const plain = fixture.bootstrap
    // One item of 120 more or less.
    near(percentileInterval(bootstrap({ of: [plain.values] }, stream("plain"))), plain.interval, 1.7)
    const { clusters, interval } = fixture["bootstrap-clusters"]
    const sizes = clusters.map(({ length }) => length)
    const sample = { of: [clusters.flat()], grouping: { kind: "clusters", sizes } } as const
    near(percentileInterval(bootstrap(sample, stream("clusters"))), interval, 1.7)
  })

  it("the hierarchical bootstrap, but for the widening for few seeds", () => {
    const { seeds, interval } = fixture["bootstrap-seeds"]
    const ours = percentileInterval(bootstrap({ of: seeds }, RandomStream.named(1, "parity", "seeds")))
    const ratio = (ours.high - ours.low) / (interval.high - interval.low)
    expect(ratio).toBeGreaterThan(0.98)
    expect(ratio).toBeLessThan(1.12)
  })
})
