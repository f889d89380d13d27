import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RandomStream } from "../randomness/index.ts"
import { compareResampled, type Resampled } from "./resampled.ts"

const stream = () => RandomStream.named(1, "resampled")
const resampled = (value: number, noise: ReadonlyArray<number>): Resampled => ({
  value,
  resamples: noise.map((one) => value + one),
})
const noise = (seed: number, width: number) => [
  ...RandomStream.named(seed, "noise")
    .normals(1000)
    .map((one) => one * width),
]

describe("differences in the same resamples", () => {
  it("are as sharp as what the resamples do to both sides alike", () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: -0.2, max: 0.2, noNaN: true }), (seed, gain) => {
        const shared = noise(seed, 0.05)
        const { interval, value } = compareResampled(
          [resampled(0.5, shared)],
          [resampled(0.5 + gain, shared)],
          50,
          stream(),
        )
        expect(value).toBeCloseTo(gain, 12)
        expect(interval.high - interval.low).toBeLessThan(1e-9)
      }),
      { numRuns: 20 },
    )
  })

  it("have the width of both sides' where these have nothing in common", () => {
    const found = compareResampled(
      [resampled(0.5, noise(1, 0.01))],
      [resampled(0.5, noise(2, 0.01))],
      50,
      stream(),
    )
    expect(found.interval.high).toBeCloseTo(1.96 * 0.01 * Math.SQRT2, 2)
    expect(found.p).toBeGreaterThan(0.2)
    expect(found).toMatchObject({ test: "paired-bootstrap", changes: undefined, isUnchanged: false })
  })

  it("say that nothing has changed where nothing has, and how sure a change is", () => {
    const same = [resampled(0.5, noise(3, 0.01))] as const
    expect(compareResampled(same, same, 50, stream())).toMatchObject({ isUnchanged: true, value: 0, p: 1 })
    const better = compareResampled(same, [resampled(0.6, noise(4, 0.01))], 50, stream())
    expect(better.p).toBeLessThan(0.01)
    expect(better.interval.low).toBeGreaterThan(0)
  })

  it("are wider where seeds differ", () => {
    const shared = noise(5, 0.01)
    const before = [resampled(0.5, shared)] as const
    const one = compareResampled(before, [resampled(0.6, shared)], 50, stream())
    const several = compareResampled(
      before,
      [resampled(0.5, shared), resampled(0.6, shared), resampled(0.7, shared)],
      50,
      stream(),
    )
    expect(several.value).toBeCloseTo(one.value, 12)
    expect(several.interval.high - several.interval.low).toBeGreaterThan(0.1)
    expect(several.seeds).toEqual({ before: 1, after: 3 })
  })
})
