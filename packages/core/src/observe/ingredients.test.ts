import { describe, expect, it } from "vitest"
import type { RecordedField } from "../store/index.ts"
import { ingredientChanges } from "./ingredients.ts"

const digest = (sign: string): string => sign.repeat(64)
const value = (shown: string): RecordedField => ({ kind: "value", digest: digest(shown), shown })
const field = (kind: "output" | "source", shown: string, sign: string): RecordedField => ({
  kind,
  shown,
  digest: digest(sign),
})

const changes = (
  before: Readonly<Record<string, RecordedField>>,
  inputs: Readonly<Record<string, RecordedField>>,
) =>
  ingredientChanges(
    { stage: "s version 1", inputs: before, environment: {} },
    { stage: "s version 1", inputs, environment: {} },
  )

describe("what changed between two keys", () => {
  it("is nothing where nothing did", () => {
    const same = { rate: value("1"), from: field("output", "a.file", "a") }
    expect(changes(same, same)).toEqual([])
    // What gives the same content under another name makes the same key.
    expect(changes(same, { ...same, from: field("source", "a.txt", "a") })).toEqual([])
  })

  it("is told with values, and with the beginnings of digests", () => {
    const before = { rate: value("1"), gone: value("2"), from: field("output", "a.file", "a") }
    const after = { rate: value("3"), new: value("4"), from: field("output", "a.file", "b") }
    expect(changes(before, after)).toEqual([
      { kind: "input", name: "rate", before: "1", after: "3" },
      { kind: "input", name: "gone", before: "2" },
      {
        kind: "upstream",
        name: "a.file",
        input: "from",
        before: digest("a").slice(0, 12),
        after: digest("b").slice(0, 12),
      },
      { kind: "input", name: "new", after: "4" },
    ])
  })

  it("is the name where another artefact takes its place, and digests of long values", () => {
    expect(changes({ from: field("source", "a", "a") }, { from: field("output", "b.file", "b") })).toEqual([
      { kind: "input", name: "from", before: "a", after: "b.file" },
    ])
    const long = (sign: string): RecordedField => ({ kind: "value", digest: digest(sign) })
    expect(changes({ text: long("a") }, { text: long("b") })).toEqual([
      {
        kind: "input",
        name: "text",
        before: `${digest("a").slice(0, 12)}…`,
        after: `${digest("b").slice(0, 12)}…`,
      },
    ])
  })

  it("is of the stage and of the environment too", () => {
    expect(
      ingredientChanges(
        { stage: "s version 1", inputs: {}, environment: { "env.A": "1", "env.B": "2" } },
        { stage: "s version 2", inputs: {}, environment: { "env.A": "1", "env.C": "3" } },
      ),
    ).toEqual([
      { kind: "stage", name: "stage", before: "s version 1", after: "s version 2" },
      { kind: "environment", name: "env.B", before: "2" },
      { kind: "environment", name: "env.C", after: "3" },
    ])
  })
})
