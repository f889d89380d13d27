import type { StageRegistry } from "../stage/index.ts"
import { documentShape, profileShape, stageMatrix, stageSettings, stageShape } from "./language.ts"
import type { Json } from "./pipeline.ts"
import type { UsedStage } from "./used-stages.ts"

/** What JSON Schema calls an object, being written. */
type Schema = { readonly [key: string]: Json }

/** A text that holds an expression: may stand for a value of any type. */
const EXPRESSION: Schema = { type: "string", pattern: "\\$\\{\\{" }

/**
 * The JSON Schema of the language, for editors: what stages there are, and for each what its `with` takes.
 * An editor that follows it completes names, shows descriptions and marks most mistakes; only `loadPipeline` knows all.
 *
 * @param used what one document uses besides: stages of files and packages, and documents
 */
export const languageSchema = (registry: StageRegistry, used: ReadonlyArray<UsedStage> = []): Json => {
  const document = asJson(documentShape)
  const properties = {
    ...schemaAt(document, "properties"),
    params: {
      ...schemaAt(document, "properties", "params"),
      additionalProperties: { $ref: "http://json-schema.org/draft-07/schema#" },
    },
    stages: {
      ...schemaAt(document, "properties", "stages"),
      additionalProperties: stageSchema(stagesOf(registry, used)),
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

const stagesOf = (registry: StageRegistry, used: ReadonlyArray<UsedStage>): ReadonlyArray<UsedStage> => {
  const known = [...registry.values()].map(({ name, summary, input }) => ({
    uses: name,
    summary,
    input: asJson(input),
  }))
  return [...known, ...used].sort((a, b) => (a.uses < b.uses ? -1 : 1))
}

/** What a document that is used as a stage says of its own stages instead. */
const NOT_OF_GROUPS = ["cache", "env", "resources", "retry", "timeout"]

const stageSchema = (stages: ReadonlyArray<UsedStage>): Schema => {
  const shape = asJson(stageShape)
  const settings = Object.entries(schemaAt(asJson(stageSettings), "properties")).map(
    ([name, schema]): [string, Json] => [name, orExpression(asWritten(name, schema))],
  )
  const properties = schemaAt(shape, "properties")
  const conditions = stages.map(({ uses, input }) =>
    when({ const: uses }, thenWith(orExpressionWithin(input))),
  )
  const refused = Object.fromEntries(NOT_OF_GROUPS.map((name) => [name, false]))
  return {
    ...shape,
    properties: {
      ...properties,
      uses: {
        description: "The stage to run, or a document whose stages run",
        anyOf: [
          ...stages.map(({ uses, summary }): Json => ({ const: uses, description: summary })),
          { type: "string", pattern: "\\.(ya?ml|[cm]?[jt]s)$", description: "A file, relative to this one" },
          { type: "string", pattern: "^package:[^/]+(/[^/]+)+$", description: "A stage of a package" },
        ],
      },
      matrix: asJson(stageMatrix),
      ...Object.fromEntries(settings),
    },
    allOf: [...conditions, when({ pattern: "\\.ya?ml$" }, { properties: refused })],
  }
}

/** What holds of stages whose `uses` is as given. */
const when = (uses: Schema, then: Schema): Schema => ({
  if: { properties: { uses }, required: ["uses"] },
  then,
})

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
  isSchema(list) && list.items !== undefined ? choice(list.items, [list.items, list]) : list

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
  return choice(schema, [schema, attempts])
}

/** The schema, or an expression in place of the value. */
const orExpression = (schema: Json): Json => {
  const inner = orExpressionWithin(schema)
  // An artefact or another free text may hold an expression anyway.
  const isFreeText =
    isSchema(inner) && inner.type === "string" && Object.keys(inner).every((key) => FREE.has(key))
  return isFreeText ? inner : choice(inner, [inner, EXPRESSION])
}

const FREE: ReadonlySet<string> = new Set([
  "type",
  "description",
  "title",
  "default",
  "examples",
  "artefact",
  "unkeyed",
])

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
  const values = constants(rest.anyOf)
  if (values !== undefined) {
    delete result.anyOf
    result.enum = values
  } else if (Array.isArray(rest.anyOf)) result.anyOf = rest.anyOf.map(orExpressionWithin)
  if (items !== undefined) result.items = Array.isArray(items) ? items.map(orExpression) : orExpression(items)
  return result
}

const hasDefault = (schema: Json | undefined): boolean => isSchema(schema) && schema.default !== undefined

/** The values of a choice between constants, which editors complete best as an `enum`. */
const constants = (choices: Json | undefined): ReadonlyArray<Json> | undefined => {
  if (!Array.isArray(choices)) return undefined
  const values = choices.flatMap((one: Json) =>
    isSchema(one) && one.const !== undefined && one.description === undefined ? [one.const] : [],
  )
  return values.length === choices.length ? values : undefined
}

/** What is said of the value as a whole, so that editors show it once, however the value is written. */
const SAID_ONCE: ReadonlySet<string> = new Set(["description", "default"])

const choice = (said: Json, choices: ReadonlyArray<Json>): Schema => {
  const once = isSchema(said) ? Object.entries(said).filter(([key]) => SAID_ONCE.has(key)) : []
  return { ...Object.fromEntries(once), anyOf: choices.map(withoutSaid) }
}

const withoutSaid = (schema: Json): Json =>
  isSchema(schema)
    ? Object.fromEntries(Object.entries(schema).filter(([key]) => !SAID_ONCE.has(key)))
    : schema

const isSchema = (value: Json | undefined): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** TypeBox's schemas as plain JSON. */
const asJson = (schema: object): Schema => JSON.parse(JSON.stringify(schema))

const schemaAt = (schema: Schema, ...path: ReadonlyArray<string>): Schema => {
  let at: Json | undefined = schema
  for (const key of path) at = isSchema(at) ? at[key] : undefined
  return isSchema(at) ? at : {}
}
