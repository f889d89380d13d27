import type { StageRegistry } from "../stage/index.ts"
import { documentShape, profileShape, stageMatrix, stageSettings, stageShape } from "./language.ts"
import type { Json } from "./pipeline.ts"

/** What JSON Schema calls an object, being written. */
type Schema = { readonly [key: string]: Json }

/** A text that holds an expression: may stand for a value of any type. */
const EXPRESSION: Schema = { type: "string", pattern: "\\$\\{\\{" }

/**
 * The JSON Schema of the language, for editors: what stages there are, and for each what its `with` takes.
 * An editor that follows it completes names, shows descriptions and marks most mistakes; only `loadPipeline` knows all.
 */
export const languageSchema = (registry: StageRegistry): Json => {
  const document = asJson(documentShape)
  const properties = {
    ...schemaAt(document, "properties"),
    params: {
      ...schemaAt(document, "properties", "params"),
      additionalProperties: { $ref: "http://json-schema.org/draft-07/schema#" },
    },
    stages: {
      ...schemaAt(document, "properties", "stages"),
      additionalProperties: stageSchema(registry),
    },
    outputs: { ...schemaAt(document, "properties", "outputs"), additionalProperties: EXPRESSION },
    profiles: { ...schemaAt(document, "properties", "profiles"), additionalProperties: asJson(profileShape) },
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "DIVA pipeline",
    ...document,
    properties,
  }
}

const stageSchema = (registry: StageRegistry): Schema => {
  const stages = [...registry.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  const shape = asJson(stageShape)
  const settings = Object.entries(schemaAt(asJson(stageSettings), "properties")).map(
    ([name, schema]): [string, Json] => [name, orExpression(asWritten(name, schema))],
  )
  const properties = schemaAt(shape, "properties")
  return {
    ...shape,
    properties: {
      ...properties,
      uses: {
        description: "The stage to run, or a document whose stages run",
        anyOf: [
          ...stages.map(({ name, summary }): Json => ({ const: name, description: summary })),
          { type: "string", pattern: "\\.(ya?ml|[cm]?[jt]s)$", description: "A file, relative to this one" },
        ],
      },
      matrix: asJson(stageMatrix),
      ...Object.fromEntries(settings),
    },
    allOf: stages.map(({ name, input }) => ({
      if: { properties: { uses: { const: name } }, required: ["uses"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: thenWith(orExpressionWithin(asJson(input))),
    })),
  }
}

/** `with` must be there when one of the inputs must be. */
const thenWith = (input: Json): Schema => {
  const isNeeded = isSchema(input) && Array.isArray(input.required) && input.required.length > 0
  return { properties: { with: input }, ...(isNeeded ? { required: ["with"] } : {}) }
}

/** A setting as documents may write it: some values have a short form. */
const asWritten = (name: string, schema: Json): Json => {
  if (name === "retry") return orAttempts(withRules(schema))
  return name === "resources" ? withSingleValues(schema) : schema
}

const withRules = (schema: Json): Json =>
  withProperties(schema, (name, one) =>
    ["transient", "crash", "timeout"].includes(name) ? orAttempts(one) : one,
  )

/** What is a list, one for each attempt, may be one value for all. */
const withSingleValues = (schema: Json): Json => {
  const lists = withProperties(schema, (_, list) => orSingle(list))
  return isSchema(lists)
    ? { ...lists, additionalProperties: orSingle(lists.additionalProperties ?? {}) }
    : lists
}

const orSingle = (list: Json): Json =>
  isSchema(list) && list.items !== undefined
    ? { ...describedAs(list.items), anyOf: [list.items, list] }
    : list

const withProperties = (schema: Json, change: (name: string, one: Json) => Json): Json => {
  if (!isSchema(schema)) return schema
  const properties = Object.entries(schemaAt(schema, "properties"))
  return {
    ...schema,
    properties: Object.fromEntries(properties.map(([name, one]) => [name, change(name, one)])),
  }
}

const orAttempts = (schema: Json): Json => {
  const attempts: Schema = { type: "integer", minimum: 1, description: "Attempts in all" }
  return { ...describedAs(schema), anyOf: [schema, attempts] }
}

/** The schema, or an expression in place of the value. */
const orExpression = (schema: Json): Json => {
  const inner = orExpressionWithin(schema)
  // An artefact or another free text may hold an expression anyway.
  const isFreeText =
    isSchema(inner) && inner.type === "string" && Object.keys(inner).every((key) => FREE.has(key))
  return isFreeText ? inner : { ...describedAs(inner), anyOf: [inner, EXPRESSION] }
}

const FREE: ReadonlySet<string> = new Set(["type", "description", "title", "default", "examples", "artefact"])

/** The schema with expressions allowed in place of what it holds; inputs with defaults need not be written. */
const orExpressionWithin = (schema: Json): Json => {
  if (!isSchema(schema)) return schema
  const { properties, items, required, ...rest } = schema
  const result: { [key: string]: Json } = { ...rest }
  if (isSchema(properties)) {
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, orExpression(property)]),
    )
    if (Array.isArray(required)) {
      result.required = required.filter((name: Json) => !hasDefault(properties[String(name)]))
    }
  }
  for (const keyword of ["additionalProperties", "patternProperties"]) {
    const open = rest[keyword]
    if (!isSchema(open)) continue
    result[keyword] =
      keyword === "additionalProperties"
        ? orExpression(open)
        : Object.fromEntries(Object.entries(open).map(([name, one]) => [name, orExpression(one)]))
  }
  if (Array.isArray(rest.anyOf)) result.anyOf = rest.anyOf.map(orExpressionWithin)
  if (items !== undefined) result.items = Array.isArray(items) ? items.map(orExpression) : orExpression(items)
  return result
}

const hasDefault = (schema: Json | undefined): boolean => isSchema(schema) && schema.default !== undefined

const describedAs = (schema: Json): Schema =>
  isSchema(schema) && typeof schema.description === "string" ? { description: schema.description } : {}

const isSchema = (value: Json | undefined): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** TypeBox's schemas as plain JSON. */
const asJson = (schema: object): Schema => JSON.parse(JSON.stringify(schema))

const schemaAt = (schema: Schema, ...path: ReadonlyArray<string>): Schema => {
  let at: Json | undefined = schema
  for (const key of path) at = isSchema(at) ? at[key] : undefined
  return isSchema(at) ? at : {}
}
