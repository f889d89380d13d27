import {
  type Diagnostics,
  type DocumentNode,
  entryOf,
  isText,
  type MapEntry,
  type MapNode,
  parseYaml,
  Source,
  type Span,
} from "../document/index.ts"
import { prepareParamSchema } from "./param-schema.ts"
import type { CheckedSchema } from "./schema-check.ts"
import { reportSchemaErrors } from "./schema-diagnostics.ts"
import { itemsOf, toJson, type Value } from "./value.ts"

/** A param's value as the command line gives it. */
export interface GivenParam {
  readonly name: string
  readonly value: string
  readonly origin: "--param"
}

/** Where the values of params come from; later ones win. */
export interface ParamSources {
  /** Maps of names to values: the contents of parameter files, or the `with` of a stage that uses the document. */
  readonly files: ReadonlyArray<Value>
  /** False when one of the files couldn't be read, so that values may be missing. */
  readonly isComplete: boolean
  /** Where to point when a value is missing; at the param itself when absent. */
  readonly place?: Span
  readonly given: ReadonlyArray<GivenParam>
  /** Absolute; what paths on the command line are relative to. */
  readonly workingFolder: string
}

/** Makes a path absolute. */
export type ResolvePath = (folder: string, path: string) => string

/** The checked value of every declared param; `unknown` for those that a mistake concerns. */
export const resolveParams = (
  declared: ReadonlyMap<string, MapEntry<DocumentNode>>,
  sources: ParamSources,
  resolvePath: ResolvePath,
  diagnostics: Diagnostics,
): ReadonlyMap<string, Value> => {
  const fromFiles = valuesOfFiles(declared, sources.files, diagnostics)
  const given = givenByName(declared, sources, diagnostics)
  return new Map(
    [...declared].map(([name, declaration]) => {
      const param = new Param(name, declaration, sources, resolvePath, diagnostics)
      const text = given.get(name)
      const value = text === undefined ? fromFiles.get(name) : param.parse(text, sources.workingFolder)
      return [name, param.resolve(value)]
    }),
  )
}

class Param {
  readonly #name: string
  readonly #declaration: MapEntry<DocumentNode>
  readonly #sources: ParamSources
  readonly #resolvePath: ResolvePath
  readonly #diagnostics: Diagnostics

  constructor(
    name: string,
    declaration: MapEntry<DocumentNode>,
    sources: ParamSources,
    resolvePath: ResolvePath,
    diagnostics: Diagnostics,
  ) {
    this.#name = name
    this.#declaration = declaration
    this.#sources = sources
    this.#resolvePath = resolvePath
    this.#diagnostics = diagnostics
  }

  /** The value that a text on the command line stands for. */
  parse(text: string, workingFolder: string): Value {
    const source = new Source(`--param ${this.#name}`, workingFolder, text)
    const span: Span = { source, start: 0, end: text.length }
    const type = entryOf(this.#declaration.value, "type")
    if (isText(type) && type.value === "string") return { kind: "scalar", value: text, span }
    return parseYaml(source, this.#diagnostics) ?? { kind: "unknown", span }
  }

  /** The value, or else the default, once it satisfies the schema. */
  resolve(given: Value | undefined): Value {
    const { key, value: node } = this.#declaration
    const schema = node.kind === "map" ? preparedSchema(node, this.#diagnostics) : undefined
    if (schema === undefined || node.kind !== "map") return { kind: "unknown", span: key }
    const check = (value: Value): boolean => {
      const result = schema.check(value)
      const part = (path: ReadonlyArray<string>) => `param \`${[this.#name, ...path].join(".")}\``
      const wording = { part, keyNoun: "key", owner: ` of the param \`${this.#name}\``, place: value.span }
      reportSchemaErrors(result, value, wording, this.#diagnostics)
      return value.kind !== "unknown" && result.errors.length === 0
    }
    const fallback = node.entries.get("default")?.value
    if (fallback !== undefined && JSON.stringify(toJson(fallback)).includes("${{")) {
      this.#diagnostics.report(fallback.span, "expressions can't be used in params")
    }
    // A default that doesn't satisfy the schema is a mistake even where it isn't used.
    const isFallbackGood = fallback === undefined || check(fallback)
    const value = given ?? fallback
    if (value === undefined) this.#reportMissing()
    const isGood = value !== undefined && (value === fallback ? isFallbackGood : check(value))
    return isGood ? this.#withPaths(node, value, []) : { kind: "unknown", span: key }
  }

  #reportMissing(): void {
    const { isComplete, place } = this.#sources
    if (!isComplete) return
    this.#diagnostics.report(place ?? this.#declaration.key, `the param \`${this.#name}\` has no value`, {
      hint:
        place === undefined
          ? `give it with --param ${this.#name}=… or in a parameter file, or declare a default`
          : `give it here: with: { ${this.#name}: … }`,
      related:
        place === undefined
          ? undefined
          : { span: this.#declaration.key, message: "the param is declared here" },
    })
  }

  /**
   * Makes the texts of `format: path` absolute: each is relative to the file, or the working folder, that says it. In
   * place of such a text an output of a stage may be given.
   */
  #withPaths(schema: DocumentNode | undefined, value: Value, path: ReadonlyArray<string>): Value {
    const format = entryOf(schema, "format")
    const isPath = isText(format) && format.value === "path"
    if (value.kind === "artefact" && !isPath) return this.#refuse(value, path)
    if (value.kind === "scalar" && typeof value.value === "string" && isPath) {
      return { ...value, value: this.#resolvePath((value.origin ?? value.span).source.folder, value.value) }
    }
    const items = itemsOf(value)
    if (items !== undefined && (value.kind === "list" || value.kind === "artefacts")) {
      const ofItems = entryOf(schema, "items")
      return {
        ...value,
        items: items.map((item, index) => this.#withPaths(ofItems, item, [...path, String(index)])),
      }
    }
    if (value.kind !== "map") return value
    const properties = entryOf(schema, "properties")
    const entries = [...value.entries].map(([name, { key, value: member }]): [string, MapEntry<Value>] => [
      name,
      { key, value: this.#withPaths(entryOf(properties, name), member, [...path, name]) },
    ])
    return { ...value, entries: new Map(entries) }
  }

  #refuse({ text, span }: Extract<Value, { readonly kind: "artefact" }>, path: ReadonlyArray<string>): Value {
    const name = [this.#name, ...path].join(".")
    const message = `param \`${name}\` takes a plain value, not \`${text}\`, the output of a stage`
    this.#diagnostics.report(span, message, {
      hint: "a param that is to take outputs is declared with `type: string, format: path`",
      related: { span: this.#declaration.key, message: "the param is declared here" },
    })
    return { kind: "unknown", span }
  }
}

const schemas = new WeakMap<DocumentNode, CheckedSchema>()

/** A document that is used many times has its params' schemas made ready once. */
const preparedSchema = (node: MapNode<DocumentNode>, diagnostics: Diagnostics): CheckedSchema | undefined => {
  const schema = schemas.get(node) ?? prepareParamSchema(node, diagnostics)
  if (schema !== undefined) schemas.set(node, schema)
  return schema
}

const valuesOfFiles = (
  declared: ReadonlyMap<string, unknown>,
  files: ReadonlyArray<Value>,
  diagnostics: Diagnostics,
): ReadonlyMap<string, Value> => {
  const values = new Map<string, Value>()
  for (const file of files) {
    if (file.kind !== "map") {
      diagnostics.report(file.span, "a parameter file is a map of params' names and values")
      continue
    }
    for (const [name, { key, value }] of file.entries) {
      if (declared.has(name)) values.set(name, value)
      else reportUnknownParam(name, key, declared, diagnostics)
    }
  }
  return values
}

const givenByName = (
  declared: ReadonlyMap<string, unknown>,
  { given, workingFolder }: ParamSources,
  diagnostics: Diagnostics,
): ReadonlyMap<string, string> => {
  for (const { name, value, origin } of given) {
    if (declared.has(name)) continue
    const source = new Source(origin, workingFolder, `${name}=${value}`)
    reportUnknownParam(name, { source, start: 0, end: name.length }, declared, diagnostics)
  }
  return new Map(given.map(({ name, value }) => [name, value]))
}

const reportUnknownParam = (
  name: string,
  span: Span,
  declared: ReadonlyMap<string, unknown>,
  diagnostics: Diagnostics,
): void => {
  const hint = "this pipeline declares no params"
  diagnostics.reportUnknownName(span, `unknown param \`${name}\``, name, declared.keys(), hint)
}
