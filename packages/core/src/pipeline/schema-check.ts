import { Ajv, type ErrorObject, type FuncKeywordDefinition, type Options, type ValidateFunction } from "ajv"
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

/** The check under way, for the keyword `artefact` to find its value; checks don't interrupt each other. */
let underWay: { readonly value: Value; readonly artefacts: Set<string> } | undefined

const ARTEFACT: FuncKeywordDefinition = {
  keyword: "artefact",
  type: "string",
  schemaType: "string",
  error: { message: "must be an artefact of another kind" },
  validate: (kinds: string, _data, _parent, context): boolean => {
    if (context === undefined || underWay === undefined) return true
    underWay.artefacts.add(context.instancePath)
    const { value } = valueAt(underWay.value, pointerSegments(context.instancePath))
    return value?.kind !== "artefact" || isKindTaken(kinds, value.artefact)
  },
}

const makeAjv = (options: Options): Ajv =>
  new Ajv({
    strict: false,
    useDefaults: true,
    addUsedSchema: false,
    // Those of params are checked with `checkSchema`, those of stages are part of the program.
    validateSchema: false,
    logger: false,
    // Most schemas check a few values only: making their code smaller costs more than it saves.
    code: { optimize: false },
    formats: {
      path: true,
      duration: (text: string) => parseDuration(text) !== undefined,
      size: (text: string) => parseSize(text) !== undefined,
    },
    ...options,
  }).addKeyword(ARTEFACT)

/** Made when it is first needed: a cached run of a pipeline that is right needs only one of the two. */
const lazily = <A>(make: () => A): (() => A) => {
  let made: A | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Says whether a value is right, and no more: its code is made in half the time. */
const quick = lazily(() => makeAjv({ messages: false }))
/** Says all that is wrong. */
const thorough = lazily(() => makeAjv({ allErrors: true, verbose: true }))

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
  const isRight = quick().compile(schema)
  let findErrors: ValidateFunction | undefined
  return {
    check: (value, data = toData(value)) => {
      const check = runCheck(isRight, value, data)
      if (check.errors.length === 0) return check
      findErrors ??= thorough().compile(schema)
      return runCheck(findErrors, value, toData(value))
    },
  }
}

/** What is wrong with a JSON Schema itself. */
export const checkSchema = (schema: Value): SchemaCheck => {
  const data = toData(schema)
  const ajv = thorough()
  const isValid = ajv.validateSchema(isObject(data) ? data : {}) === true
  return { errors: isValid ? [] : [...(ajv.errors ?? [])], data, artefacts: new Set() }
}

const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null

const NO_ERRORS: ReadonlyArray<ErrorObject> = []

const runCheck = (validate: ValidateFunction, value: Value, data: Json): SchemaCheck => {
  const artefacts = new Set<string>()
  underWay = { value, artefacts }
  const errors = validate(data) ? NO_ERRORS : [...(validate.errors ?? [])]
  underWay = undefined
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
