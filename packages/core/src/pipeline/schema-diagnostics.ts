import type { ErrorObject } from "ajv"
import { type Diagnostics, didYouMean, nearest, type Span } from "../document/index.ts"
import { expectation } from "./expectation.ts"
import { kindsOf, pointerSegments, type SchemaCheck } from "./schema-check.ts"
import { withoutEchoes } from "./schema-echoes.ts"
import { describeValue, hasUnknown, itemsOf, type Value, valueAt } from "./value.ts"

/** How diagnostics speak of the value that is checked. */
export interface Wording {
  /** A part of the value: "input `seed` of `train/diva`". */
  readonly part: (path: ReadonlyArray<string>) => string
  /** What its keys are: `key`, `input`. */
  readonly keyNoun: string
  /** Where that key belongs: " of `train/diva`"; may be empty. */
  readonly owner: string
  /** Where to point when the value as a whole lacks something. */
  readonly place: Span
}

/** Reports what a schema has against a value: one diagnostic for each mistake. */
export const reportSchemaErrors = (
  check: SchemaCheck,
  root: Value,
  wording: Wording,
  diagnostics: Diagnostics,
): void => {
  const reporter = new Reporter(root, wording, diagnostics)
  for (const error of withoutEchoes(check.errors)) reporter.report(error, check.errors)
}

const COMPOUND: ReadonlySet<string> = new Set([
  "anyOf",
  "oneOf",
  "allOf",
  "not",
  "if",
  "contains",
  "propertyNames",
])

/** What a list of artefacts may have too many or too few of. */
const ABOUT_COUNT: ReadonlySet<string> = new Set(["minItems", "maxItems", "uniqueItems"])

class Reporter {
  readonly #root: Value
  readonly #wording: Wording
  readonly #diagnostics: Diagnostics

  constructor(root: Value, wording: Wording, diagnostics: Diagnostics) {
    this.#root = root
    this.#wording = wording
    this.#diagnostics = diagnostics
  }

  report(error: ErrorObject, all: ReadonlyArray<ErrorObject>): void {
    const path = pointerSegments(error.instancePath)
    const { value, key, near } = valueAt(this.#root, path)
    if (near.kind === "unknown" || value === undefined) return
    // An alternative may only have failed because a part of the value isn't known.
    if (COMPOUND.has(error.keyword) && hasUnknown(value)) return
    if (error.keyword === "additionalProperties") this.#reportUnknownKey(error, value)
    else if (error.keyword === "propertyNames") this.#reportBadName(error, value)
    else if (error.keyword === "required") this.#reportMissing(error, path, key ?? this.#wording.place, all)
    else if (value.kind === "artefact") this.#reportArtefact(error, path, value.artefact, value)
    else if (value.kind === "artefacts" && !ABOUT_COUNT.has(error.keyword)) this.#reportArtefacts(path, value)
    else this.#reportValue(error, path, value)
  }

  #reportUnknownKey(error: ErrorObject, map: Value): void {
    const name = String(error.params.additionalProperty)
    const { key } = valueAt(map, [name])
    const { keyNoun, owner, place } = this.#wording
    const patterns = patternsOf(error)
    if (patterns.length > 0) {
      const hint = `names here match ${patterns.join(" or ")}`
      this.#diagnostics.report(key ?? place, `\`${name}\` can't be used as a name`, { hint })
      return
    }
    const hint = didYouMean(name, propertiesOf(error)) ?? `there are no ${keyNoun}s here`
    this.#diagnostics.report(key ?? place, `unknown ${keyNoun} \`${name}\`${owner}`, { hint })
  }

  #reportBadName(error: ErrorObject, map: Value): void {
    const name = String(error.params.propertyName)
    const { key } = valueAt(map, [name])
    this.#diagnostics.report(key ?? this.#wording.place, `\`${name}\` can't be used as a name`, {
      hint: "names are letters, digits, - and _, and don't begin with a digit or -",
    })
  }

  #reportMissing(
    error: ErrorObject,
    path: ReadonlyArray<string>,
    at: Span,
    all: ReadonlyArray<ErrorObject>,
  ): void {
    const name = String(error.params.missingProperty)
    const unknown = all.filter(
      (other) => other.keyword === "additionalProperties" && other.instancePath === error.instancePath,
    )
    const isMisspelt = unknown.some(
      (other) => nearest(String(other.params.additionalProperty), propertiesOf(other)) === name,
    )
    if (isMisspelt) return
    const { keyNoun, owner, part } = this.#wording
    const where = path.length === 0 ? owner : ` of ${part(path)}`
    this.#diagnostics.report(at, `missing ${keyNoun} \`${name}\`${where}`, { hint: missingHint(error, name) })
  }

  #reportArtefact(error: ErrorObject, path: ReadonlyArray<string>, kind: string, value: Value): void {
    const part = this.#wording.part(path)
    const what = describeValue(value)
    if (error.keyword === "artefact") {
      const kinds = kindsOf(String(error.schema)).map((one) => `\`${one}\``)
      this.#diagnostics.report(value.span, `${part} takes ${kinds.join(" or ")}, but ${what} is \`${kind}\``)
    } else if (error.keyword === "type" && typesOf(error).includes("array")) {
      const hint = `write it as a list: [ "\${{ … }}" ]`
      this.#diagnostics.report(value.span, `${part} takes a list, but ${what} is one output`, { hint })
    } else {
      this.#diagnostics.report(
        value.span,
        `${part} ${expectation(error)}, not ${what}, the output of a stage`,
      )
    }
  }

  #reportArtefacts(path: ReadonlyArray<string>, value: Extract<Value, { readonly kind: "artefacts" }>): void {
    const keys = value.open.map((key) => `\`${key}\``).join(" and ")
    const message = `${this.#wording.part(path)} takes one value, but \`${value.text}\` is a list: one for each ${keys}`
    this.#diagnostics.report(value.span, message, {
      hint: `give this stage a matrix with ${keys} too, so that each of its members takes its own`,
    })
  }

  #reportValue(error: ErrorObject, path: ReadonlyArray<string>, value: Value): void {
    const text = value.kind === "scalar" && typeof value.value === "string" ? value.value : undefined
    const choices = choicesOf(error)
    const count = error.keyword === "uniqueItems" ? undefined : itemsOf(value)?.length
    const found = ABOUT_COUNT.has(error.keyword) && count !== undefined ? String(count) : describeValue(value)
    const near = text === undefined ? undefined : nearest(text, choices)
    const related =
      value.origin === undefined ? undefined : { span: value.origin, message: "the value comes from here" }
    const message = `${this.#wording.part(path)} ${expectation(error)}, not ${found}`
    this.#diagnostics.report(value.span, message, {
      hint: near === undefined ? undefined : `did you mean \`${near}\`?`,
      related,
    })
  }
}

const propertiesOf = (error: ErrorObject): ReadonlyArray<string> =>
  Object.keys(error.parentSchema?.properties ?? {})

/** How free names must look. */
const patternsOf = (error: ErrorObject): ReadonlyArray<string> =>
  Object.keys(error.parentSchema?.patternProperties ?? {})

const typesOf = (error: ErrorObject): ReadonlyArray<string> => [error.params.type].flat().map(String)

const missingHint = (error: ErrorObject, name: string): string | undefined => {
  const description: unknown = error.parentSchema?.properties?.[name]?.description
  return typeof description === "string" ? `\`${name}\`: ${description}` : undefined
}

/** The texts that an `enum`, a `const` or alternatives of them allow. */
const choicesOf = (error: ErrorObject): ReadonlyArray<string> => {
  const schema: unknown = error.schema
  if (error.keyword === "enum" && Array.isArray(schema)) return schema.map(String)
  if (error.keyword === "const") return [String(schema)]
  if (error.keyword !== "anyOf" || !Array.isArray(schema)) return []
  return schema.flatMap((branch: unknown) => constantsOf(branch))
}

const constantsOf = (branch: unknown): ReadonlyArray<string> => {
  if (typeof branch !== "object" || branch === null) return []
  if ("const" in branch) return [String(branch.const)]
  return "enum" in branch && Array.isArray(branch.enum) ? branch.enum.map(String) : []
}
