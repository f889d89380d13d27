import {
  type Diagnostics,
  type DocumentNode,
  entryOf,
  isText,
  type MapEntry,
  parseYaml,
  Source,
  type Span,
} from "../document/index.ts"
import { prepareParamSchema } from "./param-schema.ts"
import { reportSchemaErrors } from "./schema-diagnostics.ts"
import { toJson, type Value } from "./value.ts"

/** A param's value as the command line gives it. */
export interface GivenParam {
  readonly name: string
  readonly value: string
  readonly origin: "--param"
}

/** Where the values of params come from; later ones win. */
export interface ParamSources {
  /** The contents of parameter files: maps of names to values. */
  readonly files: ReadonlyArray<DocumentNode>
  /** False when one of the files couldn't be read, so that values may be missing. */
  readonly isComplete: boolean
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
      const param = new Param(name, declaration, sources.isComplete, resolvePath, diagnostics)
      const text = given.get(name)
      const value = text === undefined ? fromFiles.get(name) : param.parse(text, sources.workingFolder)
      return [name, param.resolve(value)]
    }),
  )
}

class Param {
  readonly #name: string
  readonly #declaration: MapEntry<DocumentNode>
  readonly #mustHaveValue: boolean
  readonly #resolvePath: ResolvePath
  readonly #diagnostics: Diagnostics

  constructor(
    name: string,
    declaration: MapEntry<DocumentNode>,
    mustHaveValue: boolean,
    resolvePath: ResolvePath,
    diagnostics: Diagnostics,
  ) {
    this.#name = name
    this.#declaration = declaration
    this.#mustHaveValue = mustHaveValue
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
    const schema = node.kind === "map" ? prepareParamSchema(node, this.#diagnostics) : undefined
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
    if (value === undefined && this.#mustHaveValue) {
      this.#diagnostics.report(key, `the param \`${this.#name}\` has no value`, {
        hint: `give it with --param ${this.#name}=… or in a parameter file, or declare a default`,
      })
    }
    const isGood = value !== undefined && (value === fallback ? isFallbackGood : check(value))
    return isGood ? withAbsolutePaths(node, value, this.#resolvePath) : { kind: "unknown", span: key }
  }
}

/** Makes the texts of `format: path` absolute: each is relative to the file, or the working folder, that says it. */
const withAbsolutePaths = (schema: DocumentNode, value: Value, resolvePath: ResolvePath): Value => {
  const format = entryOf(schema, "format")
  if (
    value.kind === "scalar" &&
    typeof value.value === "string" &&
    isText(format) &&
    format.value === "path"
  ) {
    return { ...value, value: resolvePath((value.origin ?? value.span).source.folder, value.value) }
  }
  const items = entryOf(schema, "items")
  if (value.kind === "list" && items !== undefined) {
    return { ...value, items: value.items.map((item) => withAbsolutePaths(items, item, resolvePath)) }
  }
  const properties = entryOf(schema, "properties")
  if (value.kind !== "map" || properties === undefined) return value
  const entries = [...value.entries].map(([name, { key, value: member }]): [string, MapEntry<Value>] => {
    const memberSchema = entryOf(properties, name)
    const resolved =
      memberSchema === undefined ? member : withAbsolutePaths(memberSchema, member, resolvePath)
    return [name, { key, value: resolved }]
  })
  return { ...value, entries: new Map(entries) }
}

const valuesOfFiles = (
  declared: ReadonlyMap<string, unknown>,
  files: ReadonlyArray<DocumentNode>,
  diagnostics: Diagnostics,
): ReadonlyMap<string, DocumentNode> => {
  const values = new Map<string, DocumentNode>()
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
