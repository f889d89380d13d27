import type { ListNode, MapNode, ScalarNode, Span } from "../document/index.ts"
import type { Json, OutputReference } from "./pipeline.ts"

/** What an expression or a document's value comes to. Values keep their places, for diagnostics. */
export type Value = PlainValue | ArtefactValue | ArtefactsValue | DroppedValue | UnknownValue

/** A value without artefacts: every document node is one. */
export type PlainValue = ScalarNode | ListNode<Value> | MapNode<Value>

/** An output of one task. */
export interface ArtefactValue {
  readonly kind: "artefact"
  readonly reference: OutputReference
  /** What the stage says that the output is. */
  readonly artefact: string
  /** As the document says it: `stages.train.outputs.model`. */
  readonly text: string
  readonly span: Span
  readonly origin?: undefined
}

/** The outputs of several members of a stage's matrix. */
export interface ArtefactsValue {
  readonly kind: "artefacts"
  readonly items: ReadonlyArray<Value>
  readonly text: string
  /** The matrix keys that the consumer leaves open. */
  readonly open: ReadonlyArray<string>
  readonly span: Span
  readonly origin?: undefined
}

/** An output of a stage that `when` leaves out. */
export interface DroppedValue {
  readonly kind: "dropped"
  readonly stage: string
  readonly span: Span
  readonly origin?: undefined
}

/** What can't be known because of a mistake that was reported elsewhere. */
export interface UnknownValue {
  readonly kind: "unknown"
  readonly span: Span
  readonly origin?: undefined
}

/** The value seen from the place of the expression that takes it. */
export const seenFrom = (value: Value, span: Span): Value => {
  switch (value.kind) {
    case "scalar":
      return { ...value, span, origin: value.origin ?? value.span }
    case "list":
      return {
        ...value,
        items: value.items.map((item) => seenFrom(item, span)),
        span,
        origin: value.origin ?? value.span,
      }
    case "map": {
      const entries = new Map(
        [...value.entries].map(([name, entry]) => [name, { key: span, value: seenFrom(entry.value, span) }]),
      )
      return { ...value, entries, span, origin: value.origin ?? value.span }
    }
    default:
      return { ...value, span }
  }
}

/** A value that a program gives, as if it stood at a place. */
export const locate = (given: Json, span: Span): Value => {
  if (typeof given !== "object" || given === null) return { kind: "scalar", value: given, span }
  if (Array.isArray(given)) {
    return { kind: "list", items: given.map((item: Json) => locate(item, span)), span }
  }
  const entries = Object.entries(given).map(
    ([name, item]) => [name, { key: span, value: locate(item, span) }] as const,
  )
  return { kind: "map", entries: new Map(entries), span }
}

/** The items of what is a list; undefined for what isn't. */
export const itemsOf = (value: Value): ReadonlyArray<Value> | undefined =>
  value.kind === "list" || value.kind === "artefacts" ? value.items : undefined

/** Whether the value, or anything in it, couldn't be known. */
export const hasUnknown = (value: Value): boolean => {
  if (value.kind === "map") return [...value.entries.values()].some((entry) => hasUnknown(entry.value))
  return value.kind === "unknown" || (itemsOf(value)?.some(hasUnknown) ?? false)
}

/** The value as JSON. Artefacts are paths at run time, hence texts; what is unknown is null. */
export const toJson = (value: Value): Json => {
  switch (value.kind) {
    case "scalar":
      return value.value
    case "map":
      return Object.fromEntries([...value.entries].map(([name, entry]) => [name, toJson(entry.value)]))
    case "list":
    case "artefacts":
      return value.items.map(toJson)
    case "artefact":
      return value.text
    default:
      return null
  }
}

/** The value at a path of keys and indices, with the nearest place that exists. */
export const valueAt = (
  root: Value,
  path: ReadonlyArray<string>,
): { readonly value: Value | undefined; readonly key: Span | undefined; readonly near: Value } => {
  let near = root
  let key: Span | undefined
  for (const segment of path) {
    const entry = near.kind === "map" ? near.entries.get(segment) : undefined
    const next: Value | undefined = entry?.value ?? itemsOf(near)?.[Number(segment)]
    if (next === undefined) return { value: undefined, key, near }
    if (entry !== undefined) key = entry.key
    near = next
  }
  return { value: near, key, near }
}

const texts = new WeakMap<Value, string>()

/** A text that two values share exactly when they are the same JSON; the order of keys doesn't count. */
export const textOf = (value: Value): string => {
  if (value.kind === "scalar") return JSON.stringify(value.value)
  const known = texts.get(value)
  if (known !== undefined) return known
  const text = writeText(value)
  texts.set(value, text)
  return text
}

const writeText = (value: Value): string => {
  const items = itemsOf(value)
  if (items !== undefined) return `[${items.map(textOf).join(",")}]`
  if (value.kind !== "map") return JSON.stringify(toJson(value))
  const entries = [...value.entries].map(([name, entry]) => `${JSON.stringify(name)}:${textOf(entry.value)}`)
  return `{${entries.sort().join(",")}}`
}

/** A value in words: `the text "abc"`, `a list`. */
export const describeValue = (value: Value): string => {
  switch (value.kind) {
    case "scalar":
      return describeScalar(value.value)
    case "list":
      return "a list"
    case "map":
      return "a map"
    case "artefact":
    case "artefacts":
      return `\`${value.text}\``
    case "dropped":
    case "unknown":
      return "nothing"
  }
}

const LONGEST_QUOTED = 60

const describeScalar = (value: string | number | boolean | null): string => {
  if (value === null) return "empty"
  if (typeof value !== "string") return String(value)
  return `the text ${JSON.stringify(value.length > LONGEST_QUOTED ? `${value.slice(0, LONGEST_QUOTED)}…` : value)}`
}
