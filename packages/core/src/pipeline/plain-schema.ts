import type { Json } from "./pipeline.ts"

type Rule = (value: Json) => boolean

const isText: Rule = (value) => typeof value === "string"
const isNumber: Rule = (value) => typeof value === "number"
const isCount: Rule = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const isChoice: Rule = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((item) => typeof item !== "object") &&
  new Set(value).size === value.length

const TYPES: ReadonlySet<Json> = new Set([
  "string",
  "integer",
  "number",
  "boolean",
  "array",
  "object",
  "null",
])

/** What the keywords that most schemas of params consist of may hold. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["type", (value) => TYPES.has(value)],
  ["title", isText],
  ["description", isText],
  ["format", isText],
  ["default", () => true],
  ["enum", isChoice],
  ["minimum", isNumber],
  ["maximum", isNumber],
  ["exclusiveMinimum", isNumber],
  ["exclusiveMaximum", isNumber],
  ["minLength", isCount],
  ["maxLength", isCount],
  ["minItems", isCount],
  ["maxItems", isCount],
  ["items", (value) => isPlainSchema(value)],
])

/**
 * Whether a schema is so plain that a look at it shows that it is right. Others are checked against JSON Schema's own
 * schema, which takes longer to be made ready than all other work of a short pipeline.
 */
export const isPlainSchema = (schema: Json): boolean =>
  typeof schema === "object" &&
  schema !== null &&
  !Array.isArray(schema) &&
  Object.entries(schema).every(([keyword, value]) => RULES.get(keyword)?.(value) === true)
