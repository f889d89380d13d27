import { expect, test } from "vitest"
import { parseDuration, parseSize } from "./quantities.ts"

test.each([
  ["500ms", 0.5],
  ["1s", 1],
  ["1.5m", 90],
  ["1h30m", 5400],
  ["2d", 172_800],
  ["0s", undefined],
  ["5", undefined],
  ["5 parsecs", undefined],
  ["-1s", undefined],
  ["", undefined],
])("%s is %s seconds", (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds)
})

test.each([
  ["512MB", 512],
  ["4GB", 4000],
  ["1.5 GB", 1500],
  ["1GiB", 1074],
  ["1KB", 1],
  ["2TB", 2_000_000],
  ["0MB", undefined],
  ["4XB", undefined],
  ["4", undefined],
  ["4gb", undefined],
])("%s is %s megabytes", (text, megabytes) => {
  expect(parseSize(text)).toBe(megabytes)
})
