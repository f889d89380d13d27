import { Ajv, type ErrorObject, type ValidateFunction } from "ajv"
import type { Json } from "./pipeline.ts"
import { parseDuration, parseSize } from "./quantities.ts"
import { itemsOf, type Value, valueAt } from "./value.ts"

/** What a schema says about a value. */
export interface SchemaCheck {
  readonly errors: ReadonlyArray<ErrorObject>
  /** The value as JSON, with the schema's defaults filled in. */
  readonly data: Json
  /** JSON pointers of the values that the schema calls artefacts. */
  readonly artefacts: ReadonlySet<string>
}

/** A JSON Schema made ready; `check` may be called any number of times. */
export interface CheckedSchema {
  /** @param data the value as JSON, where that is at hand; defaults are added to it */
  readonly check: (value: Value, data?: Json) => SchemaCheck
}

interface Visit {
  readonly value: Value
  readonly artefacts: Set<string>
}

/** The checks under way, by the data that is checked, for the keyword `artefact` to find its value. */
const visits = new WeakMap<object, Visit>()

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: false,
  useDefaults: true,
  addUsedSchema: false,
  // Those of params are checked with `checkSchema`, those of stages are part of the program.
  validateSchema: false,
  logger: false,
  formats: {
    path: true,
    duration: (text: string) => parseDuration(text) !== undefined,
    size: (text: string) => parseSize(text) !== undefined,
  },
})

ajv.addKeyword({
  keyword: "artefact",
  type: "string",
  schemaType: "string",
  error: { message: "must be an artefact of another kind" },
  validate: (kinds: string, _data, _parent, context): boolean => {
    const visit = context === undefined ? undefined : visits.get(context.rootData)
    if (context === undefined || visit === undefined) return true
    visit.artefacts.add(context.instancePath)
    const { value } = valueAt(visit.value, pointerSegments(context.instancePath))
    return value?.kind !== "artefact" || isKindTaken(kinds, value.artefact)
  },
})

/** The kinds that an input's `artefact` names. */
export const kindsOf = (kinds: string): ReadonlyArray<string> => kinds.split("|").map((kind) => kind.trim())

/** The kind of what can be anything: such an input takes every artefact, and such an artefact fits every input. */
const ANY_KIND = "any"

const isKindTaken = (kinds: string, kind: string): boolean => {
  const taken = kindsOf(kinds)
  return kind === ANY_KIND || taken.includes(ANY_KIND) || taken.includes(kind)
}

/** The keys and indices of a JSON pointer. */
export const pointerSegments = (pointer: string): ReadonlyArray<string> =>
  pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"))

/**
 * Makes a JSON Schema (draft 7, with `artefact` and the formats `path`, `duration` and `size`) ready.
 *
 * @throws Error when it isn't a usable schema
 */
export const prepareSchema = (schema: object): CheckedSchema => {
  const validate = ajv.compile(schema)
  return { check: (value, data = toData(value)) => runCheck(validate, value, data) }
}

/** What is wrong with a JSON Schema itself. */
export const checkSchema = (schema: Value): SchemaCheck => {
  const data = toData(schema)
  const isValid = ajv.validateSchema(isObject(data) ? data : {}) === true
  return { errors: isValid ? [] : [...(ajv.errors ?? [])], data, artefacts: new Set() }
}

const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null

const runCheck = (validate: ValidateFunction, value: Value, data: Json): SchemaCheck => {
  const artefacts = new Set<string>()
  if (typeof data === "object" && data !== null) visits.set(data, { value, artefacts })
  const errors = validate(data) ? [] : [...(validate.errors ?? [])]
  return { errors, data, artefacts }
}

/** The value as fresh JSON, which defaults may be added to; artefacts are texts, as they are at run time. */
export const toData = (value: Value): Json => {
  if (value.kind === "map") {
    return Object.fromEntries([...value.entries].map(([name, entry]) => [name, toData(entry.value)]))
  }
  const items = itemsOf(value)
  if (items !== undefined) return items.map(toData)
  if (value.kind === "scalar") return value.value
  return value.kind === "artefact" ? value.text : null
}
