import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { learnBpe, Tokenizer, writeVocabulary } from "./index.ts"

const cases: ReadonlyArray<{ readonly text: string; readonly ids: ReadonlyArray<number> }> = JSON.parse(
  await readFile(join(import.meta.dirname, "../../../../../test/fixtures/tokenizer/cases.json"), "utf8"),
)

describe("Tokenizer", async () => {
  // CLIP's own merges and ids, without the merges that no word of the cases can meet.
  const clip = await Tokenizer.fromFolder(join(import.meta.dirname, "fixtures/tokenizer"))

  it.each(cases)("encodes $text as open_clip does", ({ text, ids }) => {
    expect([...(clip.encode([text])[0] ?? [])]).toEqual(ids)
  })

  it("encodes texts of all kinds as open_clip does", async () => {
    // Made by test/reference/tokens.py: the ids of every other text, and what these texts meet of the vocabulary.
    const folder = join(import.meta.dirname, "../../../../../test/fixtures/texts")
    const [texts, expected] = await Promise.all(
      ["texts.json", "ids.json"].map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8"))),
    )
    const tokenizer = await Tokenizer.fromFolder(folder)
    const every: ReadonlyArray<string> = texts.map(([text]: readonly [string]) => text)
    const wrong = every
      .filter((_, at) => at % 2 === 0)
      .filter((text, at) => String(tokenizer.tokenIds(text).slice(1, -1)) !== String(expected[at]))
    expect(wrong).toEqual([])
    expect(expected.length).toBeGreaterThan(2000)
  })

  it("refuses a vocabulary whose end token is not the last", () => {
    const vocab = new Map([
      ["<|startoftext|>", 1],
      ["<|endoftext|>", 0],
    ])
    expect(() => Tokenizer.of({ vocab, merges: [] })).toThrow(/largest id/)
  })
})

const captions = ["a red star", "a red arrow pointing left", "two blue squares", "a blue star on red"]

describe("learnBpe", () => {
  it("makes common words one token, and the same vocabulary from texts in any order", () => {
    const vocabulary = learnBpe(captions, 530)
    expect(learnBpe(captions.toReversed(), 530)).toEqual(vocabulary)
    expect(vocabulary.vocab.size).toBe(530)
    expect([...vocabulary.vocab.values()]).toEqual(Array.from({ length: 530 }, (_, id) => id))
    const tokenizer = Tokenizer.of(vocabulary)
    expect(tokenizer.tokenIds("RED  star")).toEqual([
      vocabulary.vocab.get("<|startoftext|>"),
      vocabulary.vocab.get("red</w>"),
      vocabulary.vocab.get("star</w>"),
      vocabulary.vocab.get("<|endoftext|>"),
    ])
  })

  it("stops when nothing is left to merge", () => {
    expect(learnBpe(["ab"], 1000).merges).toEqual([["a", "b</w>"]])
    expect(() => learnBpe(["ab"], 500)).toThrow(/at least 514/)
  })

  it("gives a vocabulary that encodes any text, ends it once, and survives its files", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vocabulary-"))
    try {
      const vocabulary = learnBpe(captions, 540)
      await writeVocabulary(folder, vocabulary)
      const written = await Tokenizer.fromFolder(folder, 16)
      const learned = Tokenizer.of(vocabulary, 16)
      fc.assert(
        fc.property(fc.string({ unit: "binary" }), (text) => {
          const row = [...(learned.encode([text])[0] ?? [])]
          expect([...(written.encode([text])[0] ?? [])]).toEqual(row)
          expect(row).toHaveLength(16)
          expect(row.filter((id) => id === learned.size - 1)).toHaveLength(1)
        }),
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
