import { fileURLToPath } from "node:url"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readSafetensors } from "../../formats/index.ts"
import { normaliseRows } from "../features.ts"
import { ensemblePrompts, promptsOf } from "./class-prompts.ts"

const fixture = new URL("../../../../../test/fixtures/eval/classification.safetensors", import.meta.url)

describe("class prompts", () => {
  it("put the class name into every place, and leave its own signs alone", () => {
    expect(promptsOf("$& {c}?", ["a photo of a {c}.", "{c} and {c}"])).toEqual([
      "a photo of a $& {c}?.",
      "$& {c}? and $& {c}?",
    ])
  })

  it("have braces where they are written twice, as Python's format has them", () => {
    expect(promptsOf("a}} {b", ["{{{c}}} {{c}}"])).toEqual(["{a}} {b} {c}"])
  })

  it("become the classifier of CLIP_benchmark, to 1e-6", async () => {
    const tensors = await readSafetensors(fileURLToPath(fixture))
    const data = (name: string) => Float32Array.from(tensors.get(name)?.data ?? [], Number)
    const classifier = ensemblePrompts(
      { values: data("text_features"), count: 35, width: 24 },
      new Array(7).fill(5),
    )
    const expected = data("classifier")
    expect(classifier.values).toHaveLength(7 * 24)
    classifier.values.forEach((value, index) => {
      expect(Math.abs(value - (expected[index] ?? Number.NaN))).toBeLessThan(1e-6)
    })
  })
})

describe("normalised rows", () => {
  it("have length 1, unless they are nothing", () => {
    const row = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 6, maxLength: 6 })
    fc.assert(
      fc.property(row, (values) => {
        const { values: scaled } = normaliseRows({ values: Float32Array.from(values), count: 2, width: 3 })
        for (const start of [0, 3]) {
          const length = Math.hypot(...scaled.subarray(start, start + 3))
          const given = Math.hypot(...values.slice(start, start + 3))
          if (given > 1e-6) expect(length).toBeCloseTo(1, 5)
          else expect(length).toBeLessThanOrEqual(1.001)
        }
      }),
    )
  })
})
