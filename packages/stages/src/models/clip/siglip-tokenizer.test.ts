import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readSentencePiece } from "./index.ts"

// Made by test/reference/tokenizer-siglip.py: a small vocabulary of the same kind, and what open_clip makes of the texts.
const folder = join(import.meta.dirname, "fixtures/sentencepiece")
const cases: ReadonlyArray<{ readonly text: string; readonly ids: ReadonlyArray<number> }> = JSON.parse(
  await readFile(join(folder, "cases.json"), "utf8"),
)

/** Made by test/reference/sentencepiece.py: a model with SigLIP's character map, and the ids of every other text. */
const modelFolder = join(import.meta.dirname, "../../../../../test/fixtures/sentencepiece")
const textsFile = join(modelFolder, "../texts/texts.json")

describe("readSentencePiece", async () => {
  const tokenizer = await readSentencePiece(folder, { contextLength: 16, clean: "canonicalize" })

  it.each(cases)("encodes $text as open_clip does", ({ text, ids }) => {
    expect([...(tokenizer.encode([text])[0] ?? [])]).toEqual(ids)
  })

  it("encodes texts of all kinds with spiece.model as transformers does", async () => {
    const model = await readSentencePiece(modelFolder, { contextLength: 300, clean: "canonicalize" })
    const rows: ReadonlyArray<readonly [string]> = JSON.parse(await readFile(textsFile, "utf8"))
    const expected: ReadonlyArray<ReadonlyArray<number>> = JSON.parse(
      await readFile(join(modelFolder, "ids.json"), "utf8"),
    )
    const wrong = rows
      .filter((_, at) => at % 2 === 0)
      .filter(([text], at) => {
        const padded = [...(expected[at] ?? []), ...Array<number>(300).fill(1)].slice(0, 300)
        return String(model.encode([text])[0]) !== String(padded)
      })
    expect(wrong).toEqual([])
    expect(expected.length).toBeGreaterThan(2000)
  })

  it("gives rows of one length with known ids for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        const row = tokenizer.encode([text])[0] ?? new Int32Array()
        expect(row).toHaveLength(16)
        expect(row.every((id) => id >= 0 && id < tokenizer.size)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})
