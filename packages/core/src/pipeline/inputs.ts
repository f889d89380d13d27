import type { Diagnostics, ScalarNode, Span } from "../document/index.ts"
import type { AnyStage } from "../stage/index.ts"
import type { ResolvePath } from "./params.ts"
import { type InputValue, type Json, SourcePath } from "./pipeline.ts"
import { type CheckedSchema, prepareSchema, type SchemaCheck } from "./schema-check.ts"
import { reportSchemaErrors, type Wording } from "./schema-diagnostics.ts"
import { hasUnknown, type Value, valueAt } from "./value.ts"

/** A file or folder that an input names, with the places to point at should it not be there. */
export interface NamedPath {
  readonly path: string
  readonly text: string
  readonly span: Span
  readonly origin: Span | undefined
}

/** A stage's input, checked and complete. */
export interface CheckedInput {
  /** Undefined when there are mistakes, which are reported. */
  readonly input: { readonly [key: string]: InputValue } | undefined
  readonly paths: ReadonlyArray<NamedPath>
}

const prepared = new WeakMap<AnyStage, CheckedSchema>()

/**
 * Checks a stage's `with` against the stage's schema, and fills in defaults.
 *
 * @param place where to point when an input is missing
 */
export const checkInput = (
  stage: AnyStage,
  value: Value,
  place: Span,
  resolvePath: ResolvePath,
  diagnostics: Diagnostics,
): CheckedInput => {
  const schema = prepared.get(stage) ?? prepareSchema(stage.input)
  prepared.set(stage, schema)
  const check = schema.check(value)
  const owner = ` of \`${stage.name}\``
  const part = (path: ReadonlyArray<string>) => `input \`${pathText(path)}\`${owner}`
  reportSchemaErrors(check, value, { part, keyNoun: "input", owner, place }, diagnostics)
  const reader = new InputReader(value, check, part, resolvePath, diagnostics)
  const input = reader.readMap(check.data)
  const isGood = check.errors.length === 0 && !hasUnknown(value) && !reader.hasMistakes
  return { input: isGood ? input : undefined, paths: reader.paths }
}

const pathText = (path: ReadonlyArray<string>): string =>
  path
    .map((segment, index) => (/^\d+$/.test(segment) ? `[${segment}]` : index === 0 ? segment : `.${segment}`))
    .join("")

/** Turns checked data into a task's input: texts that are artefacts become references and paths. */
class InputReader {
  readonly paths: Array<NamedPath> = []
  hasMistakes = false
  readonly #root: Value
  readonly #artefacts: ReadonlySet<string>
  /** JSON pointers of what was reported already. */
  readonly #faulty: ReadonlySet<string>
  readonly #part: Wording["part"]
  readonly #resolvePath: ResolvePath
  readonly #diagnostics: Diagnostics

  constructor(
    root: Value,
    check: SchemaCheck,
    part: Wording["part"],
    resolvePath: ResolvePath,
    diagnostics: Diagnostics,
  ) {
    this.#root = root
    this.#artefacts = check.artefacts
    this.#faulty = new Set(check.errors.map(faultyPointer))
    this.#part = part
    this.#resolvePath = resolvePath
    this.#diagnostics = diagnostics
  }

  readMap(data: Json, path: ReadonlyArray<string> = []): { readonly [key: string]: InputValue } {
    const entries = typeof data === "object" && data !== null ? Object.entries(data) : []
    return Object.fromEntries(
      entries.map(([key, value]): [string, InputValue] => [key, this.#read(value, [...path, key])]),
    )
  }

  #read(data: Json, path: ReadonlyArray<string>): InputValue {
    if (Array.isArray(data))
      return data.map((item: Json, index) => this.#read(item, [...path, String(index)]))
    if (typeof data === "object" && data !== null) return this.readMap(data, path)
    const { value } = valueAt(this.#root, path)
    const isArtefact = this.#artefacts.has(pointer(path))
    if (value?.kind === "artefact") {
      if (!isArtefact) this.#refuse(path, value.text, value.span)
      return value.reference
    }
    return isArtefact && value?.kind === "scalar" && typeof data === "string"
      ? this.#readPath(data, value)
      : data
  }

  #readPath(text: string, { span, origin }: ScalarNode): SourcePath {
    const path = this.#resolvePath((origin ?? span).source.folder, text)
    this.paths.push({ path, text, span, origin })
    return new SourcePath(path, span.source.locate(span.start))
  }

  #refuse(path: ReadonlyArray<string>, text: string, span: Span): void {
    this.hasMistakes = true
    if (path.some((_, index) => this.#faulty.has(pointer(path.slice(0, index + 1))))) return
    this.#diagnostics.report(
      span,
      `${this.#part(path)} takes a plain value, not \`${text}\`, the output of a stage`,
    )
  }
}

const faultyPointer = ({ instancePath, params }: SchemaCheck["errors"][number]): string => {
  const key: unknown = params.additionalProperty
  return typeof key === "string" ? `${instancePath}${pointer([key])}` : instancePath
}

const pointer = (path: ReadonlyArray<string>): string =>
  path.map((segment) => `/${segment.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")
