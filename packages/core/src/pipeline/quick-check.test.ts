import { Ajv } from "ajv"
import fc from "fast-check"
import { expect, test } from "vitest"
import type { Json } from "./pipeline.ts"
import { parseDuration, parseSize } from "./quantities.ts"
import { isSurelyRight } from "./quick-check.ts"

const ajv = new Ajv({
  strict: false,
  useDefaults: true,
  addUsedSchema: false,
  validateSchema: false,
  logger: false,
  formats: {
    path: true,
    duration: (text: string) => parseDuration(text) !== undefined,
    size: (text: string) => parseSize(text) !== undefined,
  },
})

const names = fc.constantFrom("a", "b", "a/b", "x~y", "__proto__", "toString")
const scalars = fc.constantFrom<Json>("", "a", "é😀", "5m", "4GB", 0, 1, -1, 2.5, 3e100, true, false, null)
const data = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalars,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(names, tie("value"), { maxKeys: 3 }),
  ),
})).value

const type = fc.constantFrom("string", "integer", "number", "boolean", "array", "object", "null")
const bound = fc.constantFrom(0, 1, 2, 2.5)
const count = fc.constantFrom(0, 1, 2)
const schema = fc.letrec<{ schema: Json }>((tie) => {
  const optional = (arbitrary: fc.Arbitrary<Json>) => fc.option(arbitrary, { nil: undefined, freq: 3 })
  const parts: Record<string, fc.Arbitrary<Json | undefined>> = {
    type: fc.option(fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })), { nil: undefined }),
    const: optional(scalars),
    enum: optional(
      fc.uniqueArray(data, { minLength: 1, maxLength: 3, selector: (one) => JSON.stringify(one) }),
    ),
    anyOf: optional(
      fc.array(
        fc.oneof(
          scalars.map((one): Json => ({ const: one })),
          tie("schema"),
        ),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
    ),
    not: optional(tie("schema")),
    minimum: optional(bound),
    exclusiveMaximum: optional(bound),
    minLength: optional(count),
    maxLength: optional(count),
    minItems: optional(count),
    maxItems: optional(count),
    pattern: optional(fc.constantFrom("^a$", "^[a-z]", "")),
    format: optional(fc.constantFrom("path", "duration", "size", "uri")),
    default: optional(data),
    description: optional(fc.constant("words")),
    items: optional(tie("schema")),
    properties: optional(fc.dictionary(fc.constantFrom("a", "b", "a/b"), tie("schema"), { maxKeys: 3 })),
    patternProperties: optional(fc.dictionary(fc.constantFrom("^a", "b$"), tie("schema"), { maxKeys: 2 })),
    additionalProperties: optional(fc.oneof(fc.boolean(), tie("schema"))),
    propertyNames: optional(tie("schema")),
    required: optional(fc.uniqueArray(fc.constantFrom("a", "b"), { maxLength: 2 })),
  }
  const drop = (record: Record<string, Json | undefined>): Json =>
    Object.fromEntries(
      Object.entries(record).flatMap(([key, one]) => (one === undefined ? [] : [[key, one]])),
    )
  return {
    schema: fc.oneof(
      { maxDepth: 3 },
      fc.boolean(),
      fc.record({ type: fc.constantFrom("string", "object", "array", "integer") }).map((one): Json => one),
      fc.record(parts).map(drop),
    ),
  }
}).schema

test("what is surely right is right by ajv too, with the same defaults", () => {
  let right = 0
  fc.assert(
    fc.property(schema, data, (one, value) => {
      const mine = structuredClone(value)
      if (!isSurelyRight(one, mine, { onArtefact: () => true })) return
      right += 1
      const other = structuredClone(value)
      const validate = ajv.compile(typeof one === "boolean" ? one : Object(one))
      expect(validate(other)).toBe(true)
      expect(mine).toEqual(other)
    }),
    { numRuns: 4000 },
  )
  expect(right).toBeGreaterThan(300)
})

test("most of what is right is surely so, and artefacts are told with their places", () => {
  const stage: Json = {
    type: "object",
    additionalProperties: false,
    required: ["command"],
    properties: {
      command: { type: "string", minLength: 1 },
      how: { anyOf: [{ const: "a" }, { const: "b" }], default: "a" },
      inputs: {
        type: "object",
        default: {},
        additionalProperties: false,
        patternProperties: { "^[a-z/]+$": { type: "string", artefact: "any" } },
      },
      seeds: { type: "array", items: { type: "integer", minimum: 0 }, default: [1] },
    },
  }
  const found: Array<string> = []
  const onArtefact = (pointer: string, kinds: string) => found.push(`${pointer} ${kinds}`) > 0
  const value: Json = { command: "true", inputs: { "a/b": "x" } }
  expect(isSurelyRight(stage, value, { onArtefact })).toBe(true)
  expect(value).toEqual({ command: "true", inputs: { "a/b": "x" }, how: "a", seeds: [1] })
  expect(found).toEqual(["/inputs/a~1b any"])
  for (const wrong of [{}, { command: "" }, { command: "x", how: "c" }, { command: "x", more: 1 }])
    expect(isSurelyRight(stage, wrong, { onArtefact })).toBe(false)
  expect(isSurelyRight(stage, { command: "x", inputs: { a: "y" } }, { onArtefact: () => false })).toBe(false)
})
