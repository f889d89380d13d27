import fc from "fast-check"
import { expect, test } from "vitest"
import { Diagnostics } from "./diagnostic.ts"
import { didYouMean, editDistance, nearest } from "./nearest.ts"
import { renderDiagnostics } from "./rendering.ts"
import { Source } from "./source.ts"

const at = (text: string, part: string) => {
  const source = new Source("a.yaml", "/", text)
  return { source, start: text.indexOf(part), end: text.indexOf(part) + part.length }
}

test("shows the line, marks the place and gives the hint", () => {
  const diagnostics = new Diagnostics()
  const text = "stages:\n  a: { nedes: [b] }\n"
  diagnostics.report(at(text, "nedes"), "unknown key `nedes`", {
    hint: "did you mean `needs`?",
    related: { span: at(text, "stages"), message: "in here" },
  })
  expect(renderDiagnostics(diagnostics.sorted(), { colour: false })).toBe(
    [
      "a.yaml:2:8: error: unknown key `nedes`",
      "    a: { nedes: [b] }",
      "         ^^^^^",
      "  a.yaml:1:1: in here",
      "  hint: did you mean `needs`?",
    ].join("\n"),
  )
})

test("marks below wide characters, in long lines and after tabs", () => {
  const render = (text: string) => {
    const diagnostics = new Diagnostics()
    diagnostics.report(at(text, "X"), "here")
    const lines = renderDiagnostics(diagnostics.sorted(), { colour: false }).split("\n")
    return [lines[1] ?? "", lines[2] ?? ""] as const
  }
  expect(render("日本: X")).toEqual(["  日本: X", "        ^"])
  expect(render("\ta: X")).toEqual(["   a: X", "      ^"])
  const [line, marks] = render(`${"a".repeat(500)}X${"b".repeat(500)}`)
  expect(line.length).toBeLessThan(130)
  expect(line[marks.indexOf("^")]).toBe("X")
})

test("nothing in a document steers the terminal", () => {
  const diagnostics = new Diagnostics()
  diagnostics.report(at("a: \u001b[2J\u009bX", "X"), "bad \u001b[2J")
  const text = renderDiagnostics(diagnostics.sorted(), { colour: false })
  expect([text.includes("\u001b"), text.includes("\u009b")]).toEqual([false, false])
})

test("the same words about the same place count once, and places are in order", () => {
  const diagnostics = new Diagnostics()
  const text = "a: 1\nb: 2\n"
  for (const part of ["b", "a", "b"]) diagnostics.report(at(text, part), "wrong")
  expect(diagnostics.sorted().map(({ line }) => line)).toEqual([1, 2])
})

test("edit distance counts insertions, deletions, substitutions and swaps", () => {
  expect(editDistance("needs", "nedes")).toBe(1)
  expect(editDistance("kitten", "sitting")).toBe(3)
  expect(editDistance("", "abc")).toBe(3)
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const distance = editDistance(a, b)
      expect(distance).toBe(editDistance(b, a))
      expect(distance === 0).toBe(a === b)
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
    }),
  )
})

test("the nearest name is suggested, or else the known ones are listed", () => {
  expect(nearest("retires", ["retry", "retries"])).toBe("retries")
  expect(nearest("Seed", ["seed", "need"])).toBe("seed")
  expect(didYouMean("colour", ["count", "seed"])).toBe("known are `count`, `seed`")
  expect(didYouMean("x", [])).toBeUndefined()
})
