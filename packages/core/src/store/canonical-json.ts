import { hash } from "node:crypto"
import { Predicate } from "effect"

/**
 * The one JSON text of a value: object keys sorted by code unit, no white space, absent properties left out. Equal
 * values give equal texts whatever the order in which they were built.
 */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`
  if (!Predicate.isObject(value)) {
    const text = JSON.stringify(value)
    if (text === undefined || (typeof value === "number" && !Number.isFinite(value))) {
      throw new TypeError(`${String(value)} has no JSON text`)
    }
    return text
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
  return `{${members.join(",")}}`
}

/** SHA-256 of a text's UTF-8 bytes, in hexadecimal. */
export const sha256 = (text: string): string => hash("sha256", text)

/** SHA-256 of a value's canonical JSON, in hexadecimal. */
export const digestOf = (value: unknown): string => sha256(canonicalJson(value))
