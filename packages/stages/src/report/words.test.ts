import { describe, expect, it } from "vitest"
import { linearScale } from "./page/axis.ts"
import { smooth, thin } from "./training-log.ts"
import { percent, points, pointsInterval, pValue } from "./words.ts"

describe("numbers in words", () => {
  it("have signs, and no minus before nothing", () => {
    expect([0.123, -0.05, -0.0001, 0.0004].map(points)).toEqual(["+12.3", "−5.0", "0.0", "0.0"])
    expect(pointsInterval({ low: -0.01, high: 0.02 })).toBe("−1.0 … +2.0")
    expect(percent(1)).toBe("100.0\u202f%")
    expect([0.00001, 0.5].map(pValue)).toEqual(["p < 0.001", "p = 0.500"])
  })
})

describe("scales", () => {
  it.each([
    [[0, 100], 5, [0, 20, 40, 60, 80, 100]],
    [[-7, 7], 9, [-6, -4, -2, 0, 2, 4, 6]],
    [[0.011, 0.034], 5, [0.015, 0.02, 0.025, 0.03]],
    [[3, 3], 4, [3, 3.25, 3.5, 3.75, 4]],
  ] as const)("of %j have round ticks", ([low, high], most, expected) => {
    const { ticks, decimals } = linearScale([low, high], [0, 1], most)
    expect(ticks.map((tick) => Number(tick.toFixed(decimals)))).toEqual(expected)
  })
})

describe("the loss curve's data", () => {
  const series = Array.from({ length: 1001 }, (_, step) => ({ step, loss: step % 2 }))

  it("is smoothed without moving its mean", () => {
    const smoothed = smooth(series)
    expect(smoothed).toHaveLength(1001)
    expect(Math.max(...smoothed.map(({ loss }) => Math.abs(loss - 0.5)))).toBeLessThan(0.02)
  })

  it("is thinned to means of equal runs, and left alone when short", () => {
    expect(thin(series, 100).length).toBeLessThanOrEqual(100)
    expect(thin(series, 2000)).toBe(series)
  })
})
