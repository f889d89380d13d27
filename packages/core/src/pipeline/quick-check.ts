import type { Json } from "./pipeline.ts"
import { parseDuration, parseSize } from "./quantities.ts"

/** What a check comes upon, besides right and wrong. */
export interface QuickCheckEvents {
  /** A text that the schema calls an artefact of these kinds, at a JSON pointer; whether it is of one of them. */
  readonly onArtefact: (pointer: string, kinds: string) => boolean
}

interface Place extends QuickCheckEvents {
  readonly pointer: string
}

type JsonObject = { [key: string]: Json }
type Keyword = (expected: Json, data: Json, schema: JsonObject, place: Place) => boolean

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isList = (value: Json | undefined): value is ReadonlyArray<Json> => Array.isArray(value)

const isScalar = (value: Json): boolean => typeof value !== "object" || value === null

const isOfType = (type: Json, data: Json): boolean => {
  switch (type) {
    case "object":
      return isObject(data)
    case "array":
      return isList(data)
    case "null":
      return data === null
    case "integer":
      return Number.isInteger(data)
    case "number":
      return Number.isFinite(data)
    case "string":
      return typeof data === "string"
    case "boolean":
      return typeof data === "boolean"
    default:
      return false
  }
}

const patterns = new Map<string, RegExp>()
const matches = (pattern: Json, text: string): boolean => {
  if (typeof pattern !== "string") return false
  const known = patterns.get(pattern) ?? new RegExp(pattern, "u")
  patterns.set(pattern, known)
  return known.test(text)
}

const ofNumber =
  (holds: (data: number, bound: number) => boolean): Keyword =>
  (bound, data) =>
    typeof data !== "number" || (typeof bound === "number" && holds(data, bound))

const ofLength =
  (
    lengthOf: (data: Json) => number | undefined,
    holds: (length: number, bound: number) => boolean,
  ): Keyword =>
  (bound, data) => {
    const length = lengthOf(data)
    return length === undefined || (typeof bound === "number" && holds(length, bound))
  }

const characters = (data: Json) => (typeof data === "string" ? [...data].length : undefined)
const items = (data: Json) => (isList(data) ? data.length : undefined)
const atLeast = (value: number, bound: number): boolean => value >= bound
const atMost = (value: number, bound: number): boolean => value <= bound

const within = (place: Place, key: string | number): Place => ({
  ...place,
  pointer: `${place.pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`,
})

const isFormat = (format: Json, text: string): boolean => {
  if (format === "duration") return parseDuration(text) !== undefined
  return format === "size" ? parseSize(text) !== undefined : format === "path"
}

const members: Keyword = (_, data, schema, place) => {
  if (!isObject(data)) return true
  const { properties = {}, patternProperties = {}, additionalProperties = true } = schema
  if (!isObject(properties) || !isObject(patternProperties)) return false
  return Object.entries(data).every(([key, value]) => {
    const schemas: Array<Json> = Object.hasOwn(properties, key) ? [properties[key] ?? false] : []
    for (const [pattern, one] of Object.entries(patternProperties)) {
      if (matches(pattern, key)) schemas.push(one)
    }
    if (schemas.length === 0) schemas.push(additionalProperties)
    return schemas.every((one) => isRight(one, value, within(place, key)))
  })
}

/** What is said for people, or looked at together with other keywords. */
const nothing: Keyword = () => true

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ["type", (type, data) => (isList(type) ? type.some((one) => isOfType(one, data)) : isOfType(type, data))],
  ["const", (expected, data) => isScalar(expected) && expected === data],
  ["enum", (choices, data) => isList(choices) && choices.some((one) => isScalar(one) && one === data)],
  [
    "anyOf",
    // Only of values: what they would fill in, and what they would come upon, depends on which one it is.
    (choices, data) =>
      isList(choices) &&
      choices.every((one) => isObject(one) && isScalar(one.const ?? {})) &&
      choices.some((one) => isObject(one) && one.const === data),
  ],
  ["minimum", ofNumber(atLeast)],
  ["maximum", ofNumber(atMost)],
  ["exclusiveMinimum", ofNumber((data, bound) => data > bound)],
  ["exclusiveMaximum", ofNumber((data, bound) => data < bound)],
  ["minLength", ofLength(characters, atLeast)],
  ["maxLength", ofLength(characters, atMost)],
  ["minItems", ofLength(items, atLeast)],
  ["maxItems", ofLength(items, atMost)],
  ["pattern", (pattern, data) => typeof data !== "string" || matches(pattern, data)],
  ["format", (format, data) => typeof data !== "string" || isFormat(format, data)],
  [
    "artefact",
    (kinds, data, _, { pointer, onArtefact }) =>
      typeof data !== "string" || (typeof kinds === "string" && onArtefact(pointer, kinds)),
  ],
  [
    "items",
    (one, data, _, place) =>
      !isList(data) || data.every((item, index) => isRight(one, item, within(place, index))),
  ],
  ["properties", members],
  // One of the three does the work of all.
  [
    "patternProperties",
    (expected, data, schema, place) => "properties" in schema || members(expected, data, schema, place),
  ],
  [
    "additionalProperties",
    (expected, data, schema, place) =>
      "properties" in schema || "patternProperties" in schema || members(expected, data, schema, place),
  ],
  [
    "required",
    (names, data) =>
      !isObject(data) ||
      (isList(names) && names.every((name) => typeof name === "string" && Object.hasOwn(data, name))),
  ],
  [
    "propertyNames",
    (one, data, _, place) => !isObject(data) || Object.keys(data).every((key) => isRight(one, key, place)),
  ],
  ["description", nothing],
  ["title", nothing],
  ["default", nothing],
  ["examples", nothing],
  ["unkeyed", nothing],
])

/** Gives an object what it lacks and its schema has a default for. */
const fillIn = ({ properties }: JsonObject, data: Json): void => {
  if (!isObject(properties) || !isObject(data)) return
  for (const [name, schema] of Object.entries(properties)) {
    if (Object.hasOwn(data, name) || !isObject(schema) || schema.default === undefined) continue
    Object.assign(data, { [name]: structuredClone(schema.default) })
  }
}

const isRight = (schema: Json, data: Json, place: Place): boolean => {
  if (typeof schema === "boolean") return schema
  if (!isObject(schema)) return false
  fillIn(schema, data)
  return Object.entries(schema).every(
    ([keyword, expected]) => KEYWORDS.get(keyword)?.(expected, data, schema, place) === true,
  )
}

/**
 * Whether a value is surely right by a JSON Schema; fills in defaults, as ajv does. Whatever is wrong, or takes more than
 * a look, gets a "no", and is left to ajv: making a schema ready for that takes longer than a hundred of these checks.
 */
export const isSurelyRight = (schema: Json, data: Json, events: QuickCheckEvents): boolean =>
  isRight(schema, data, { ...events, pointer: "" })
