import type { Diagnostics, DocumentNode, MapNode, Span } from "../document/index.ts"
import { OutputReference, type Value } from "../pipeline/index.ts"
import { LocalPath, StageOutput } from "./values.ts"

/** Turns what a program gives into located values, as a document's are. */
export class ValueReader {
  readonly #owner: object
  readonly #diagnostics: Diagnostics

  /** @param owner the definition whose outputs may be given */
  constructor(owner: object, diagnostics: Diagnostics) {
    this.#owner = owner
    this.#diagnostics = diagnostics
  }

  /** A stage's input. */
  input(given: unknown, span: Span): MapNode<Value> {
    const value = this.#value(given, span)
    if (value.kind === "map") return value
    if (value.kind !== "unknown") this.#diagnostics.report(span, "a stage's input is an object")
    return { kind: "map", entries: new Map(), span }
  }

  #value(given: unknown, span: Span): Value {
    if (given instanceof StageOutput) return this.#output(given, span)
    if (given instanceof LocalPath) return { kind: "scalar", value: given.path, span }
    return this.#collection(given, span, (member) => this.#value(member, span)) ?? this.#refuse(given, span)
  }

  /** What holds no outputs and no paths: settings. */
  plain(given: unknown, span: Span): DocumentNode {
    const read = this.#collection(given, span, (member) => this.plain(member, span))
    if (read !== undefined) return read
    this.#refuse(given, span)
    return { kind: "scalar", value: null, span }
  }

  #output({ owner, task, output, kind, text }: StageOutput, span: Span): Value {
    if (owner === this.#owner) {
      return { kind: "artefact", reference: new OutputReference(task, output), artefact: kind, text, span }
    }
    this.#diagnostics.report(span, `\`${text}\` is an output of another pipeline`, {
      hint: "define both stages in one pipeline",
    })
    return { kind: "unknown", span }
  }

  #collection<Read extends Value>(given: unknown, span: Span, read: (member: unknown) => Read) {
    if (given === null || typeof given === "string" || typeof given === "boolean" || isFiniteNumber(given)) {
      return { kind: "scalar" as const, value: given, span }
    }
    if (Array.isArray(given)) return { kind: "list" as const, items: given.map(read), span }
    if (!isPlainObject(given)) return undefined
    const members = Object.entries(given).filter(([, member]) => member !== undefined)
    const entries = new Map(members.map(([name, member]) => [name, { key: span, value: read(member) }]))
    return { kind: "map" as const, entries, span }
  }

  #refuse(given: unknown, span: Span): Value {
    const what = given === undefined || typeof given === "number" ? String(given) : `a ${typeof given}`
    this.#diagnostics.report(span, `${what} can't be part of an input`, {
      hint: "inputs hold what JSON can say, outputs of stages, and paths",
    })
    return { kind: "unknown", span }
  }
}

const isFiniteNumber = (given: unknown): given is number =>
  typeof given === "number" && Number.isFinite(given)

const isPlainObject = (given: unknown): given is object => {
  if (typeof given !== "object" || given === null) return false
  const prototype: unknown = Object.getPrototypeOf(given)
  return prototype === Object.prototype || prototype === null
}
