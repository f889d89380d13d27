import {
  type Diagnostics,
  type DocumentNode,
  didYouMean,
  isText,
  type MapNode,
  type Span,
} from "../document/index.ts"
import { isPlainSchema } from "./plain-schema.ts"
import { type CheckedSchema, checkSchema, prepareSchema } from "./schema-check.ts"
import { reportSchemaErrors } from "./schema-diagnostics.ts"
import { toJson } from "./value.ts"

/** The keywords of JSON Schema (draft 7), by what their values hold. */
const SCHEMA_VALUED = [
  "additionalItems",
  "additionalProperties",
  "contains",
  "else",
  "if",
  "not",
  "propertyNames",
  "then",
]
const SCHEMA_LIST_VALUED = ["allOf", "anyOf", "items", "oneOf"]
const SCHEMA_MAP_VALUED = ["definitions", "patternProperties", "properties"]
const PLAIN = [
  ...[
    "$comment",
    "$ref",
    "const",
    "default",
    "dependencies",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
  ],
  ...[
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
  ],
  ...["minProperties", "minimum", "multipleOf", "pattern", "required", "title", "type", "uniqueItems"],
]
const KEYWORDS: ReadonlySet<string> = new Set([
  ...SCHEMA_VALUED,
  ...SCHEMA_LIST_VALUED,
  ...SCHEMA_MAP_VALUED,
  ...PLAIN,
])

/** Makes the schema of a param ready; undefined when it isn't one, which is reported. */
export const prepareParamSchema = (
  schema: MapNode<DocumentNode>,
  diagnostics: Diagnostics,
): CheckedSchema | undefined => {
  const unknown = unknownKeywords(schema)
  for (const { name, span } of unknown) {
    diagnostics.report(span, `unknown key \`${name}\``, { hint: didYouMean(name, KEYWORDS) })
  }
  const wrongTypes = unknownTypes(schema)
  for (const { name, span } of wrongTypes) {
    diagnostics.report(span, `there is no type \`${name}\``, { hint: didYouMean(name, TYPES) })
  }
  if (unknown.length + wrongTypes.length > 0) return undefined
  const data = toJson(schema)
  const isPlain = isPlainSchema(data)
  if (!isPlain && !isRight(schema, diagnostics)) return undefined
  try {
    return typeof data === "object" && data !== null ? prepareSchema(data, isPlain) : undefined
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    diagnostics.report(schema.span, `this isn't a usable JSON Schema: ${reason}`)
    return undefined
  }
}

const isRight = (schema: MapNode<DocumentNode>, diagnostics: Diagnostics): boolean => {
  const result = checkSchema(schema)
  const part = (path: ReadonlyArray<string>) => `\`${path.join(".")}\``
  reportSchemaErrors(result, schema, { part, keyNoun: "key", owner: "", place: schema.span }, diagnostics)
  return result.errors.length === 0
}

interface UnknownName {
  readonly name: string
  readonly span: Span
}

const TYPES = ["string", "integer", "number", "boolean", "array", "object", "null"]

const unknownTypes = (schema: MapNode<DocumentNode>): ReadonlyArray<UnknownName> => {
  const type = schema.entries.get("type")?.value
  return (type?.kind === "list" ? type.items : [type])
    .filter(isText)
    .filter(({ value }) => !TYPES.includes(value))
    .map(({ value, span }) => ({ name: value, span }))
}

const unknownKeywords = (schema: DocumentNode): ReadonlyArray<UnknownName> => {
  if (schema.kind !== "map") return []
  return [...schema.entries].flatMap(([name, { key, value }]) =>
    KEYWORDS.has(name) ? schemasWithin(name, value).flatMap(unknownKeywords) : [{ name, span: key }],
  )
}

const schemasWithin = (keyword: string, value: DocumentNode): ReadonlyArray<DocumentNode> => {
  if (value.kind === "list") return SCHEMA_LIST_VALUED.includes(keyword) ? value.items : []
  if (value.kind !== "map") return []
  if (SCHEMA_MAP_VALUED.includes(keyword)) return [...value.entries.values()].map((entry) => entry.value)
  return SCHEMA_VALUED.includes(keyword) || keyword === "items" ? [value] : []
}
