import {
  type Diagnostics,
  type DocumentNode,
  didYouMean,
  entriesOf,
  type MapEntry,
  type MapNode,
  type Span,
} from "../document/index.ts"
import { evaluate } from "./evaluation.ts"
import type { Json } from "./pipeline.ts"
import { describeValue, hasUnknown, isSameJson, toJson, type Value } from "./value.ts"

/** The values of one member of a matrix, by key. */
export type MatrixValues = ReadonlyMap<string, Value>

/** A stage's matrix, spread out. */
export interface Matrix {
  /** The keys that tell the members apart: a consumer that has them all has one member to take from. */
  readonly keys: ReadonlyArray<string>
  /** All keys that a member may have. */
  readonly names: ReadonlySet<string>
  /** Undefined when a mistake was reported. */
  readonly members: ReadonlyArray<MatrixValues> | undefined
}

/** Members of one matrix. */
const MOST_MEMBERS = 1000

/**
 * Spreads a matrix out: every combination of the lists' values, without those that `exclude` matches. An item of
 * `include` adds its other values to the members that it matches, or is a member of its own when it matches none.
 */
export const expandMatrix = (
  node: DocumentNode | undefined,
  params: ReadonlyMap<string, Value>,
  diagnostics: Diagnostics,
): Matrix => {
  if (node?.kind !== "map") return { keys: [], names: new Set(), members: [new Map()] }
  return new MatrixExpansion(node.span, entriesOf(node), params, diagnostics).expand()
}

class MatrixExpansion {
  readonly #span: Span
  readonly #entries: ReadonlyMap<string, MapEntry<DocumentNode>>
  readonly #params: ReadonlyMap<string, Value>
  readonly #diagnostics: Diagnostics
  #isKnown = true

  constructor(
    span: Span,
    entries: ReadonlyMap<string, MapEntry<DocumentNode>>,
    params: ReadonlyMap<string, Value>,
    diagnostics: Diagnostics,
  ) {
    this.#span = span
    this.#entries = entries
    this.#params = params
    this.#diagnostics = diagnostics
  }

  expand(): Matrix {
    const axes = new Map<string, ReadonlyArray<Value>>()
    for (const [key, { value }] of this.#entries) {
      if (key !== "include" && key !== "exclude") axes.set(key, this.#axis(key, value))
    }
    const included = this.#listOfMaps("include")
    const excluded = this.#listOfMaps("exclude")
    this.#checkExcludedKeys(excluded, axes)
    const names = new Set([...axes.keys(), ...included.flatMap(({ entries }) => [...entries.keys()])])
    const keys = axes.size > 0 ? [...axes.keys()] : [...names]
    const count = [...axes.values()].reduce((product, values) => product * values.length, 1) + included.length
    if (count > MOST_MEMBERS)
      this.#fail(this.#span, `a matrix may have ${MOST_MEMBERS} members; this one has ${count}`)
    if (!this.#isKnown) return { keys, names, members: undefined }
    const product = axes.size === 0 ? [] : combinations(axes)
    const kept = product.filter((member) => !excluded.some((item) => agrees(memberOf(item), member)))
    return { keys, names, members: withIncluded(kept, included.map(memberOf), new Set(axes.keys())) }
  }

  #axis(key: string, node: DocumentNode): ReadonlyArray<Value> {
    const value = this.#evaluate(node)
    if (value.kind === "unknown") return []
    if (value.kind !== "list") {
      const hint = "write its values as a list: [1, 2, 3]"
      return this.#fail(value.span, `matrix key \`${key}\` must be a list, not ${describeValue(value)}`, hint)
    }
    const seen = new Set<string>()
    for (const item of value.items) {
      const text = JSON.stringify(toJson(item))
      if (seen.has(text)) this.#fail(item.span, `matrix key \`${key}\` has the value ${text} twice`)
      seen.add(text)
    }
    return value.items
  }

  #listOfMaps(key: "include" | "exclude"): ReadonlyArray<MapNode<Value>> {
    const node = this.#entries.get(key)?.value
    if (node === undefined) return []
    const list = this.#evaluate(node)
    if (list.kind === "unknown") return []
    if (list.kind !== "list") return this.#fail(list.span, `\`${key}\` must be a list of maps`)
    return list.items.flatMap((item): ReadonlyArray<MapNode<Value>> => {
      if (item.kind === "map") return [item]
      return this.#fail(item.span, `an item of \`${key}\` must be a map, not ${describeValue(item)}`)
    })
  }

  #checkExcludedKeys(excluded: ReadonlyArray<MapNode<Value>>, axes: ReadonlyMap<string, unknown>): void {
    for (const [name, { key }] of excluded.flatMap(({ entries }) => [...entries])) {
      if (axes.has(name)) continue
      this.#fail(key, `unknown matrix key \`${name}\` in \`exclude\``, didYouMean(name, axes.keys()))
    }
  }

  #evaluate(node: DocumentNode): Value {
    const value = evaluate(node, { place: "`matrix`", params: this.#params }, this.#diagnostics)
    if (hasUnknown(value)) this.#isKnown = false
    return value
  }

  #fail(span: Span, message: string, hint?: string): ReadonlyArray<never> {
    this.#diagnostics.report(span, message, { hint })
    this.#isKnown = false
    return []
  }
}

const memberOf = (map: MapNode<Value>): MatrixValues =>
  new Map([...map.entries].map(([name, entry]) => [name, entry.value]))

/** All combinations; the last key varies fastest. */
const combinations = (axes: ReadonlyMap<string, ReadonlyArray<Value>>): ReadonlyArray<MatrixValues> => {
  let members: ReadonlyArray<MatrixValues> = [new Map()]
  for (const [key, values] of axes) {
    members = members.flatMap((member) => values.map((value) => new Map([...member, [key, value]])))
  }
  return members
}

/** Whether two members have the same values for the keys that both have. */
export const agrees = (a: MatrixValues, b: MatrixValues): boolean =>
  [...a].every(([key, value]) => {
    const other = b.get(key)
    return other === undefined || isSameJson(toJson(value), toJson(other))
  })

const withIncluded = (
  members: ReadonlyArray<MatrixValues>,
  included: ReadonlyArray<MatrixValues>,
  axes: ReadonlySet<string>,
): ReadonlyArray<MatrixValues> => {
  const all = members.map((member) => new Map(member))
  const added: Array<Map<string, Value>> = []
  for (const item of included) {
    const ofAxes = new Map([...item].filter(([key]) => axes.has(key)))
    const extra = [...item].filter(([key]) => !axes.has(key))
    const matching = all.filter((member) => agrees(ofAxes, member))
    for (const member of matching) for (const [key, value] of extra) member.set(key, value)
    if (matching.length === 0) added.push(new Map(item))
  }
  return [...all, ...added]
}

/** A task's id: the stage's key and, in brackets, the member's values: `train[seed=1,view=class]`. */
export const taskId = (key: string, values: MatrixValues): string => {
  if (values.size === 0) return key
  return `${key}[${[...values].map(([name, value]) => `${name}=${idText(toJson(value))}`).join(",")}]`
}

/** Texts stand without quotes where nothing else could be meant. */
const idText = (value: Json): string => {
  const isPlainText =
    typeof value === "string" &&
    /^[A-Za-z0-9_./+-]+$/.test(value) &&
    !/^[-+.]?\d|^(true|false|null)$/.test(value)
  return isPlainText ? value : JSON.stringify(value)
}
