import { describe, expect, expectTypeOf, it } from "vitest"
import type { Estimate } from "../statistics/index.ts"
import { escapeLatex } from "./latex.ts"
import { escapeMarkdown } from "./markdown.ts"
import {
  basisText,
  type differenceText,
  estimateText,
  importedText,
  listText,
  MINUS,
  marginText,
  pValue,
  scoreText,
  sizeText,
} from "./words.ts"

const estimate: Estimate = { value: 0.5556, interval: { low: 0.513, high: 0.597 }, n: 270, seeds: 3 }
const space = "\u202f"

describe("a result in words", () => {
  it("is an estimate, never a bare number", () => {
    for (const tell of [scoreText, estimateText, basisText]) {
      expectTypeOf(tell).parameter(0).toEqualTypeOf<Estimate>()
      expectTypeOf<number>().not.toExtend<Parameters<typeof tell>[0]>()
    }
    expectTypeOf<{ value: number; p: number }>().not.toExtend<Parameters<typeof differenceText>[0]>()
  })

  it("has one decimal, its interval, items and seeds", () => {
    expect(estimateText(estimate)).toBe(`55.6${space}% (51.3 … 59.7${space}%)`)
    expect(basisText(estimate)).toBe("n = 270, 3 seeds")
    expect(basisText({ ...estimate, seeds: 1 })).toBe("n = 270, 1 seed")
  })

  it("says of an imported score that it has no interval", () => {
    const score = {
      model: "m",
      benchmark: "b",
      kind: "zero-shot",
      metric: "acc1",
      value: 0.613,
      source: "f",
    } as const
    expect(importedText({ ...score, n: 50_000 })).toBe(`61.3${space}% (no interval, n = 50000)`)
    expect(importedText(score)).toBe(`61.3${space}% (no interval)`)
  })

  it("has a sign when it is a difference, but not of zero", () => {
    const size = (value: number) => sizeText({ value, interval: { low: 0, high: 0 } })
    expect(size(0.045)).toBe("+4.5")
    expect(size(-0.003)).toBe(`${MINUS}0.3`)
    expect(size(-0.0004)).toBe(`${MINUS}0.04`)
    expect(size(0.00003)).toBe("+0.003")
    expect(size(1e-17)).toBe("0.0")
  })

  it("gives p-values, margins and lists as papers do", () => {
    expect(pValue(0.0004)).toBe("p < 0.001")
    expect(pValue(0.0213)).toBe("p = 0.021")
    expect(marginText(0.01)).toBe("±1 point")
    expect(marginText(0.005)).toBe("±0.5 points")
    expect(listText(["a", "b", "c"])).toBe("a, b and c")
    expect(listText(["a, x", "b", "c"])).toBe("a, x; b; and c")
  })
})

describe("text from outside", () => {
  it("is no markup in Markdown", () => {
    expect(escapeMarkdown("a|b <i> *c*")).toBe("a\\|b &lt;i&gt; \\*c\\*")
  })

  it("is no command in LaTeX", () => {
    expect(escapeLatex("50% \\input{x} a_b & {c} #1 $2$ ~ ^ <p>")).toBe(
      "50\\% \\textbackslash{}input\\{x\\} a\\_b \\& \\{c\\} \\#1 \\$2\\$ \\textasciitilde{} \\textasciicircum{} $<$p$>$",
    )
    expect(escapeLatex(`51.3 … 59.7${space}% ${MINUS}0.3`)).toBe("51.3\\,\\ldots\\,59.7\\,\\% $-$0.3")
  })
})
