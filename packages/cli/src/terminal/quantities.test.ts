import { describe, expect, it } from "vitest"
import { formatBytes, formatRate, formatSeconds } from "./quantities.ts"

describe("quantities", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [853_000_000, "853 MB"],
    [2_500_000_000_000_000, "2500 TB"],
  ])("%d bytes", (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it.each([
    [0.04, "0.0 s"],
    [9.94, "9.9 s"],
    [59.4, "59 s"],
    [59.6, "1 min 00 s"],
    [7800, "2 h 10 min"],
  ])("%d seconds", (seconds, text) => expect(formatSeconds(seconds)).toBe(text))

  it.each([
    [1234.5, "1235"],
    [12.345, "12.3"],
    [0.1234, "0.12"],
  ])("%d per second", (rate, text) => expect(formatRate(rate)).toBe(text))
})
