import type { Diagnostics, DocumentNode, MapEntry, MapNode, ScalarNode, Span } from "../document/index.ts"
import type { AnyStage } from "../stage/index.ts"
import { dependsOnMember } from "./dependencies.ts"
import { evaluate } from "./evaluation.ts"
import type { Scope } from "./names.ts"
import type { ResolvePath } from "./params.ts"
import { type InputValue, type Json, OutputReference, SourcePath } from "./pipeline.ts"
import { type CheckedSchema, prepareSchema, type SchemaCheck, toData } from "./schema-check.ts"
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
  /** Ids of the tasks whose outputs it holds. */
  readonly references: ReadonlyArray<string>
}

const prepared = new WeakMap<AnyStage, CheckedSchema>()

/** The inputs that are the same for all members, once one member's input was found to be good. */
interface Model {
  readonly data: { readonly [key: string]: Json }
  readonly input: { readonly [key: string]: InputValue }
  readonly references: ReadonlyArray<string>
}

/**
 * Checks a stage's `with` against the stage's schema and fills in defaults, for one member of its matrix after the
 * other. What doesn't depend on the member is evaluated and read once.
 */
export class StageInput {
  readonly #stage: AnyStage
  readonly #node: MapNode<DocumentNode>
  readonly #place: Span
  readonly #resolvePath: ResolvePath
  readonly #diagnostics: Diagnostics
  readonly #schema: CheckedSchema
  readonly #varying: ReadonlySet<string>
  readonly #constants = new Map<string, MapEntry<Value>>()
  #model: Model | undefined

  /** @param place where to point when an input is missing */
  constructor(
    stage: AnyStage,
    node: MapNode<DocumentNode>,
    place: Span,
    resolvePath: ResolvePath,
    diagnostics: Diagnostics,
  ) {
    this.#stage = stage
    this.#node = node
    this.#place = place
    this.#resolvePath = resolvePath
    this.#diagnostics = diagnostics
    this.#schema = prepared.get(stage) ?? prepareSchema(stage.input)
    prepared.set(stage, this.#schema)
    this.#varying = new Set(
      [...node.entries].filter(([, { value }]) => dependsOnMember(value)).map(([name]) => name),
    )
  }

  check(scope: Scope): CheckedInput {
    const value = this.#evaluate(scope)
    return (this.#model && this.#checkLike(this.#model, value)) ?? this.checkValue(value)
  }

  #evaluate(scope: Scope): MapNode<Value> {
    const entries = new Map<string, MapEntry<Value>>()
    for (const [name, { key, value: node }] of this.#node.entries) {
      let entry = this.#constants.get(name)
      if (entry === undefined) {
        entry = { key, value: evaluate(node, scope, this.#diagnostics) }
        if (!this.#varying.has(name)) this.#constants.set(name, entry)
      }
      entries.set(name, entry)
    }
    return { kind: "map", entries, span: this.#node.span }
  }

  /** Undefined when there are mistakes, which aren't reported. */
  #checkLike(
    { data: common, input: shared, references }: Model,
    value: MapNode<Value>,
  ): CheckedInput | undefined {
    const data: { [key: string]: Json } = { ...common }
    for (const name of this.#varying) {
      const entry = value.entries.get(name)
      if (entry === undefined || hasUnknown(entry.value)) return undefined
      data[name] = toData(entry.value)
    }
    const check = this.#schema.check(value, data)
    if (check.errors.length > 0) return undefined
    const reader = new InputReader(value, check, this.#part, this.#resolvePath, this.#diagnostics)
    const input: { [key: string]: InputValue } = { ...shared }
    for (const name of this.#varying) input[name] = reader.read(data[name] ?? null, [name])
    if (reader.hasMistakes) return { input: undefined, paths: [], references: [] }
    return { input, paths: reader.paths, references: [...references, ...reader.references] }
  }

  /** Checks an input that holds no expressions, or no longer does. */
  checkValue(value: MapNode<Value>): CheckedInput {
    const check = this.#schema.check(value)
    const owner = ` of \`${this.#stage.name}\``
    const wording = { part: this.#part, keyNoun: "input", owner, place: this.#place }
    reportSchemaErrors(check, value, wording, this.#diagnostics)
    const reader = new InputReader(value, check, this.#part, this.#resolvePath, this.#diagnostics)
    const input = reader.readMap(check.data)
    const { paths, references } = reader
    if (check.errors.length > 0 || hasUnknown(value) || reader.hasMistakes) {
      return { input: undefined, paths, references }
    }
    if (isMap(check.data))
      this.#model = { data: check.data, input, references: this.#commonReferences(input) }
    return { input, paths, references }
  }

  #commonReferences(input: { readonly [key: string]: InputValue }): ReadonlyArray<string> {
    return Object.entries(input).flatMap(([name, one]) => (this.#varying.has(name) ? [] : referencesIn(one)))
  }

  readonly #part = (path: ReadonlyArray<string>): string =>
    `input \`${pathText(path)}\` of \`${this.#stage.name}\``
}

const isMap = (data: Json): data is { readonly [key: string]: Json } =>
  typeof data === "object" && data !== null && !Array.isArray(data)

const referencesIn = (value: InputValue): ReadonlyArray<string> => {
  if (value instanceof OutputReference) return [value.task]
  if (value instanceof SourcePath || typeof value !== "object" || value === null) return []
  return Object.values(value).flatMap(referencesIn)
}

const pathText = (path: ReadonlyArray<string>): string =>
  path
    .map((segment, index) => (/^\d+$/.test(segment) ? `[${segment}]` : index === 0 ? segment : `.${segment}`))
    .join("")

/** Turns checked data into a task's input: texts that are artefacts become references and paths. */
class InputReader {
  readonly paths: Array<NamedPath> = []
  readonly references: Array<string> = []
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
      entries.map(([key, value]): [string, InputValue] => [key, this.read(value, [...path, key])]),
    )
  }

  read(data: Json, path: ReadonlyArray<string>): InputValue {
    if (Array.isArray(data)) return data.map((item: Json, index) => this.read(item, [...path, String(index)]))
    if (typeof data === "object" && data !== null) return this.readMap(data, path)
    const { value } = valueAt(this.#root, path)
    const isArtefact = this.#artefacts.has(pointer(path))
    if (value?.kind === "artefact") {
      if (!isArtefact) this.#refuse(path, value.text, value.span)
      this.references.push(value.reference.task)
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
