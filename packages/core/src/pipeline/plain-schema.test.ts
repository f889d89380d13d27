import { Ajv } from "ajv"
import fc from "fast-check"
import { expect, test } from "vitest"
import type { Json } from "./pipeline.ts"
import { isPlainSchema } from "./plain-schema.ts"

const ajv = new Ajv({ strict: false, logger: false })

const keywords = [
  ...["type", "title", "description", "format", "default", "enum", "minimum", "maximum", "exclusiveMinimum"],
  ...["exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "items", "pattern", "const"],
]
const values: ReadonlyArray<Json> = [
  ...["integer", "array", "nonsense", "", 0, 3, -1, 2.5, true, null],
  ...[[], ["a", "a"], [1, null], {}, { type: "string" }, { type: "text" }, { minimum: "1" }],
]
const schemas = fc.dictionary(fc.constantFrom(...keywords), fc.constantFrom(...values), { maxKeys: 4 })

test("a plain schema is right by JSON Schema's own schema", () => {
  let plain = 0
  fc.assert(
    fc.property(schemas, (schema) => {
      if (!isPlainSchema(schema)) return
      plain += 1
      expect(ajv.validateSchema(schema)).toBe(true)
    }),
    { numRuns: 3000 },
  )
  expect(plain).toBeGreaterThan(100)
})

test("what params mostly are is plain", () => {
  const params = [
    { type: "integer", default: 42, minimum: 0, description: "A seed" },
    { type: "string", format: "path", default: "weights" },
    { enum: ["class", "all-tokens"], default: "class" },
    { type: "array", items: { type: "integer", minimum: 0 }, default: [1, 2] },
  ]
  for (const schema of params) expect(isPlainSchema(schema)).toBe(true)
  for (const schema of [{ pattern: "(" }, { $ref: "#" }, { type: ["string"] }, { anyOf: [] }, [], "x"])
    expect(isPlainSchema(schema)).toBe(false)
})
