import {
  type Diagnostics,
  type DocumentNode,
  didYouMean,
  entriesOf,
  type MapEntry,
  type MapNode,
  type Span,
} from "../document/index.ts"
import { type Cases, NO_CASES } from "./cases.ts"
import { dependsOnMember } from "./dependencies.ts"
import { evaluate } from "./evaluation.ts"
import { type MatrixValues, MemberIndex } from "./member-index.ts"
import type { DocumentScope } from "./names.ts"
import { describeValue, hasUnknown, textOf, type Value } from "./value.ts"

/** A stage's matrix, spread out. */
export interface Matrix {
  /** The keys that tell the members apart: a consumer that has them all has one member to take from. */
  readonly keys: ReadonlyArray<string>
  /** All keys that a member may have. */
  readonly names: ReadonlySet<string>
  /** Keys that tasks' ids need not show. */
  readonly hidden: ReadonlySet<string>
  /** Undefined when a mistake was reported. */
  readonly members: ReadonlyArray<MatrixValues> | undefined
}

/** Members of one matrix. */
export const MOST_MEMBERS = 100_000

/** Of a stage that says of none. */
export const NO_MATRIX: Matrix = { keys: [], names: new Set(), hidden: new Set(), members: [new Map()] }

/**
 * Spreads a matrix out: every combination of the cases and the lists' values, without those that `exclude` matches. An
 * item of `include` adds its other values to the members that it matches, or is a member of its own when it matches
 * none.
 */
export const expandMatrix = (
  node: DocumentNode | undefined,
  cases: Cases | undefined,
  scope: DocumentScope,
  diagnostics: Diagnostics,
): Matrix => {
  if (node?.kind !== "map" && cases === undefined) return NO_MATRIX
  return new MatrixExpansion(entriesOf(node), cases ?? NO_CASES, scope, diagnostics).expand()
}

class MatrixExpansion {
  readonly #entries: ReadonlyMap<string, MapEntry<DocumentNode>>
  readonly #cases: Cases
  readonly #scope: DocumentScope
  readonly #diagnostics: Diagnostics
  #isKnown: boolean

  constructor(
    entries: ReadonlyMap<string, MapEntry<DocumentNode>>,
    cases: Cases,
    scope: DocumentScope,
    diagnostics: Diagnostics,
  ) {
    this.#entries = entries
    this.#cases = cases
    this.#scope = scope
    this.#diagnostics = diagnostics
    this.#isKnown = cases.rows !== undefined
  }

  expand(): Matrix {
    const axes = [...this.#entries].filter(([key]) => key !== "include" && key !== "exclude")
    const fixed = new Set([...this.#cases.keys, ...axes.map(([key]) => key)])
    const product = this.#product(axes)
    const included = this.#listOfMaps("include")
    const excluded = this.#listOfMaps("exclude")
    this.#checkExcludedKeys(excluded, fixed)
    const names = new Set([
      ...this.#cases.names,
      ...fixed,
      ...included.flatMap(({ entries }) => [...entries.keys()]),
    ])
    const hasAxes = axes.length > 0 || this.#cases !== NO_CASES
    const shape = { keys: [...(hasAxes ? fixed : names)], names, hidden: this.#cases.hidden }
    if (!this.#isKnown) return { ...shape, members: undefined }
    const unwanted = new MemberIndex(excluded.map(memberOf))
    const kept = product.filter((values) => excluded.length === 0 || unwanted.agreeing(values).length === 0)
    const members = withIncluded(hasAxes ? kept : [], included.map(memberOf), fixed)
    if (members.length > MOST_MEMBERS) this.#failTooMany(included[0]?.span)
    return { ...shape, members: this.#isKnown ? members : undefined }
  }

  /** All combinations; the last key varies fastest. A list may depend on the keys before it. */
  #product(axes: ReadonlyArray<[string, MapEntry<DocumentNode>]>): ReadonlyArray<MatrixValues> {
    let members: ReadonlyArray<MatrixValues> = this.#cases.rows ?? []
    for (const [key, entry] of axes) {
      this.#checkIsNew(key, entry.key)
      const common = dependsOnMember(entry.value) ? undefined : this.#axis(key, entry.value, undefined)
      const next: Array<MatrixValues> = []
      for (const member of members) {
        const values = common ?? this.#axis(key, entry.value, member)
        if (next.length + values.length > MOST_MEMBERS) {
          this.#failTooMany(entry.key)
          return []
        }
        for (const value of values) next.push(new Map(member).set(key, value))
      }
      members = next
    }
    return members
  }

  #checkIsNew(key: string, span: Span): void {
    if (this.#cases.names.has(key))
      this.#fail(span, `the cases of \`foreach\` have the key \`${key}\` already`)
  }

  #axis(key: string, node: DocumentNode, member: MatrixValues | undefined): ReadonlyArray<Value> {
    const value = this.#evaluate(node, member)
    if (value.kind === "unknown") return []
    if (value.kind !== "list") {
      const hint = "write its values as a list: [1, 2, 3]"
      return this.#fail(value.span, `matrix key \`${key}\` must be a list, not ${describeValue(value)}`, hint)
    }
    const seen = new Set<string>()
    for (const item of value.items) {
      const text = textOf(item)
      if (seen.has(text)) this.#fail(item.span, `matrix key \`${key}\` has the value ${text} twice`)
      seen.add(text)
    }
    return value.items
  }

  #listOfMaps(key: "include" | "exclude"): ReadonlyArray<MapNode<Value>> {
    const node = this.#entries.get(key)?.value
    if (node === undefined) return []
    const list = this.#evaluate(node, undefined)
    if (list.kind === "unknown") return []
    if (list.kind !== "list") return this.#fail(list.span, `\`${key}\` must be a list of maps`)
    return list.items.flatMap((item): ReadonlyArray<MapNode<Value>> => {
      if (item.kind === "map") return [item]
      return this.#fail(item.span, `an item of \`${key}\` must be a map, not ${describeValue(item)}`)
    })
  }

  #checkExcludedKeys(excluded: ReadonlyArray<MapNode<Value>>, keys: ReadonlySet<string>): void {
    for (const [name, { key }] of excluded.flatMap(({ entries }) => [...entries])) {
      if (keys.has(name)) continue
      this.#fail(key, `unknown matrix key \`${name}\` in \`exclude\``, didYouMean(name, keys))
    }
  }

  #evaluate(node: DocumentNode, matrix: MatrixValues | undefined): Value {
    const scope = { place: "`matrix`", ...this.#scope, ...(matrix === undefined ? {} : { matrix }) }
    const value = evaluate(node, scope, this.#diagnostics)
    if (hasUnknown(value)) this.#isKnown = false
    return value
  }

  #failTooMany(span: Span | undefined): void {
    if (span !== undefined)
      this.#fail(span, `a matrix may have ${MOST_MEMBERS} members; with this one it has more`)
  }

  #fail(span: Span, message: string, hint?: string): ReadonlyArray<never> {
    this.#diagnostics.report(span, message, { hint })
    this.#isKnown = false
    return []
  }
}

const memberOf = (map: MapNode<Value>): { readonly values: MatrixValues } => ({
  values: new Map([...map.entries].map(([name, entry]) => [name, entry.value])),
})

const withIncluded = (
  members: ReadonlyArray<MatrixValues>,
  included: ReadonlyArray<{ readonly values: MatrixValues }>,
  axes: ReadonlySet<string>,
): ReadonlyArray<MatrixValues> => {
  if (included.length === 0) return members
  const all = members.map((member) => ({ values: member, extended: new Map(member) }))
  const index = new MemberIndex(all)
  const added: Array<MatrixValues> = []
  for (const { values: item } of included) {
    const ofAxes = new Map([...item].filter(([key]) => axes.has(key)))
    const extra = [...item].filter(([key]) => !axes.has(key))
    const matching = index.agreeing(ofAxes)
    for (const { extended } of matching) for (const [key, value] of extra) extended.set(key, value)
    if (matching.length === 0) added.push(item)
  }
  return [...all.map(({ extended }) => extended), ...added]
}
