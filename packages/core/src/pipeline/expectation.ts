import type { ErrorObject } from "ajv"
import { DURATION_EXAMPLES, SIZE_EXAMPLES } from "./quantities.ts"
import { kindsOf } from "./schema-check.ts"

/** What a schema wanted, in words that follow the name of the value: `must be at least 0`. */
export const expectation = (error: ErrorObject): string => {
  const schema: unknown = error.schema
  const parent: unknown = error.parentSchema
  const format = stringOf(parent, "format")
  if (error.keyword === "type" || error.keyword === "format") {
    if (format === "duration") return `must be a duration ${DURATION_EXAMPLES}`
    if (format === "size") return `must be a size ${SIZE_EXAMPLES}`
  }
  const bound = String(schema)
  switch (error.keyword) {
    case "type":
    case "enum":
    case "const":
    case "anyOf":
    case "oneOf":
      return `must be ${describeSchema(parent)}`
    case "minimum":
      return `must be at least ${bound}`
    case "maximum":
      return `must be at most ${bound}`
    case "exclusiveMinimum":
      return `must be more than ${bound}`
    case "exclusiveMaximum":
      return `must be less than ${bound}`
    case "multipleOf":
      return `must be a multiple of ${bound}`
    case "minLength":
      return schema === 1
        ? "must be a text that isn't empty"
        : `must be a text of at least ${bound} characters`
    case "maxLength":
      return `must be a text of at most ${bound} characters`
    case "pattern":
      return `must be a text that matches ${bound}`
    case "format":
      return `must be a text of the format ${bound}`
    case "minItems":
      return `must have at least ${bound} ${schema === 1 ? "item" : "items"}`
    case "maxItems":
      return `must have at most ${bound} ${schema === 1 ? "item" : "items"}`
    case "uniqueItems":
      return "must have no item twice"
    case "false schema":
      return "must be absent"
    default:
      return error.message ?? `must satisfy \`${error.keyword}\``
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "empty",
  array: "a list",
  object: "a map",
}

/** What a schema asks for, in words. */
const describeSchema = (schema: unknown): string => {
  if (typeof schema !== "object" || schema === null) return "something else"
  if ("const" in schema) return say(schema.const)
  if ("enum" in schema && Array.isArray(schema.enum)) return oneOf(schema.enum.map(say))
  for (const alternatives of ["anyOf" in schema && schema.anyOf, "oneOf" in schema && schema.oneOf]) {
    if (Array.isArray(alternatives)) return oneOf([...new Set(alternatives.map(describeSchema))])
  }
  const kinds = stringOf(schema, "artefact")
  if (kinds !== undefined) return `an artefact (${kindsOf(kinds).join(" or ")}) or a path`
  const types = "type" in schema ? [schema.type].flat() : []
  return oneOf(types.map((type) => TYPES[String(type)] ?? "something else"))
}

const oneOf = (choices: ReadonlyArray<string>): string => {
  if (choices.length <= 1) return choices[0] ?? "something else"
  if (choices.some((choice) => choice.includes(" "))) return choices.join(", or ")
  return choices.length === 2 ? choices.join(" or ") : `one of ${choices.join(", ")}`
}

const say = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

const stringOf = (schema: unknown, key: string): string | undefined => {
  const value: unknown =
    typeof schema === "object" && schema !== null
      ? Object.entries(schema).find(([name]) => name === key)?.[1]
      : undefined
  return typeof value === "string" ? value : undefined
}
