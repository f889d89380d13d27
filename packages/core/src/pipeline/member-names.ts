import { createHash } from "node:crypto"
import type { MatrixValues } from "./member-index.ts"
import type { Json } from "./pipeline.ts"
import { textOf, toJson, type Value } from "./value.ts"

/** The longest text that a task's id repeats whole. */
const LONGEST_SHOWN = 60
/** How much of a longer one is shown before its digest. */
const SHOWN = 40
/** Digits of a digest: enough to keep 100 000 values apart. */
const DIGITS = 12

/**
 * Names the members of one matrix: `seed=1,view=class`. A map is named by its `name` where it has one that no other
 * value of that key has; what is long is cut and ends in a digest.
 */
export class MemberNames {
  readonly #hidden: ReadonlySet<string>
  readonly #labels = new Map<string, ReadonlyMap<string, string>>()

  /** @param hidden keys that aren't needed to tell members apart */
  constructor(members: ReadonlyArray<MatrixValues>, hidden: ReadonlySet<string>) {
    this.#hidden = hidden
    const distinct = new Map<string, Map<string, Value>>()
    for (const values of members) {
      for (const [key, value] of values) {
        if (hidden.has(key)) continue
        const known = distinct.get(key)
        if (known === undefined) distinct.set(key, new Map([[textOf(value), value]]))
        else if (!known.has(textOf(value))) known.set(textOf(value), value)
      }
    }
    for (const [key, values] of distinct) this.#labels.set(key, labelsOf(values))
  }

  /** What stands in the brackets of a member's task. */
  nameOf(values: MatrixValues): string {
    let name = ""
    for (const [key, value] of values) {
      if (this.#hidden.has(key)) continue
      const label = this.#labels.get(key)?.get(textOf(value)) ?? ""
      name += name === "" ? `${key}=${label}` : `,${key}=${label}`
    }
    return name
  }
}

/** A label for each of a key's values. */
const labelsOf = (values: ReadonlyMap<string, Value>): ReadonlyMap<string, string> => {
  const short = [...values].map(([text, value]) => ({ text, value, label: shortLabel(value) }))
  const uses = new Map<string, number>()
  for (const { label } of short) uses.set(label, (uses.get(label) ?? 0) + 1)
  return new Map(
    short.map(({ text, value, label }) => {
      const isShared = value.kind !== "scalar" && (uses.get(label) ?? 0) > 1
      return [text, isShared ? `${label}~${digest(text)}` : label]
    }),
  )
}

const shortLabel = (value: Value): string => {
  if (value.kind === "scalar") return cut(scalarLabel(value.value))
  const name = value.kind === "map" ? value.entries.get("name")?.value : undefined
  const isNamed =
    name?.kind === "scalar" && (typeof name.value === "string" || typeof name.value === "number")
  return cut(isNamed ? scalarLabel(name.value) : JSON.stringify(toJson(value)))
}

/** Texts stand without quotes where nothing else could be meant. */
const scalarLabel = (value: Json): string => {
  const isPlainText =
    typeof value === "string" &&
    /^[A-Za-z0-9_./+-]+$/.test(value) &&
    !/^[-+.]?\d|^(true|false|null)$/.test(value)
  return isPlainText ? value : JSON.stringify(value)
}

const cut = (label: string): string =>
  label.length <= LONGEST_SHOWN ? label : `${label.slice(0, SHOWN)}~${digest(label)}`

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, DIGITS)
