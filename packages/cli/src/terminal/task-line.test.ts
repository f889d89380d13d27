import { describe, expect, it } from "vitest"
import type { Styler } from "./style.ts"
import { describeProgress } from "./task-line.ts"

const keep = (text: string): string => text
const plain: Styler = { good: keep, bad: keep, warning: keep, quiet: keep, strong: keep, accent: keep }
const task = {
  id: "train",
  attempt: 1,
  startedAt: 0,
  firstProgress: { at: 1000, done: 10 },
  progress: undefined,
}

describe("describeProgress", () => {
  it("shows the time spent while nothing is known", () => {
    expect(describeProgress({ ...task, firstProgress: undefined }, 4000, plain)).toBe("4.0 s")
  })

  it("shows count, rate and time left, without what an earlier attempt did", () => {
    const line = describeProgress(
      { ...task, progress: { done: 30, total: 50, unit: "steps", detail: "loss 0.5" } },
      5000,
      plain,
    )
    expect(line).toBe("━━━━━━━━━━━─────── 30/50 steps  5.00/s  4.0 s left  loss 0.5")
  })

  it("says the attempt after the first", () => {
    const line = describeProgress(
      { ...task, attempt: 2, progress: { done: 12, unit: "images" } },
      1500,
      plain,
    )
    expect(line).toBe("12 images  1.5 s attempt 2")
  })

  it("tells bytes as people say them", () => {
    const progress = { done: 400_000_010, total: 2_000_000_000, unit: "bytes" }
    expect(describeProgress({ ...task, progress }, 5000, plain)).toMatch(
      / 400 MB of 2\.0 GB {2}100 MB\/s {2}16 s left$/,
    )
    expect(describeProgress({ ...task, progress: { done: 12, unit: "bytes" } }, 1500, plain)).toBe(
      "12 B  1.5 s",
    )
  })
})
