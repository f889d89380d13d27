import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cleanCanonical, cleanLower, cleanWhitespace } from "./index.ts"

// Made by test/reference/texts.py: a text, in lower case and without punctuation; null is what stands before it.
const rows: ReadonlyArray<readonly [string, string | null, string | null]> = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../test/fixtures/texts/texts.json"), "utf8"),
)

describe("cleaning, as open_clip does it with ftfy", () => {
  it("in lower case", () => {
    const wrong = rows.filter(([text, lower]) => cleanLower(text) !== (lower ?? text))
    expect(wrong).toEqual([])
    expect(rows.length).toBeGreaterThan(4000)
  })

  it("without punctuation", () => {
    const wrong = rows.filter(
      ([text, lower, canonical]) => cleanCanonical(text) !== (canonical ?? lower ?? text),
    )
    expect(wrong).toEqual([])
  })

  it.each([
    ["sÃ³", "só"],
    ["Ã la mode", "à la mode"],
    ["â€œ like this â€\ufffd", '" like this \ufffd'],
    ["doesnÃƒÂ¢Ã¢â€šÂ¬Ã¢â€žÂ¢t", "doesn't"],
    ["\x1b[31mred\x1b[0m", "red"],
    ["one &EACUTE;\n<b>&EACUTE;</b>", "one É <b>&EACUTE;</b>"],
    ["half of a pair \ud83d", "half of a pair \ufffd"],
  ])("mends %j", (text, mended) => {
    expect(cleanWhitespace(text)).toBe(mended)
  })
})

it("gives well-formed text without spaces around it", () => {
  const characters = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code))
  fc.assert(
    fc.property(fc.string({ unit: characters }), (text) => {
      const cleaned = cleanLower(text)
      expect(cleaned.isWellFormed()).toBe(true)
      expect(cleaned).toBe(cleaned.trim())
    }),
  )
})
