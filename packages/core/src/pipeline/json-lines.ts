import type { Diagnostics, MapEntry, Source, Span } from "../document/index.ts"
import type { CaseNode } from "./case-files.ts"
import type { Value } from "./value.ts"

/** How deep the values of a line may nest. */
const DEEPEST = 64

/** The lines of a JSON Lines file, each a map. Whatever is in a line stands, for diagnostics, where the line does. */
export const readJsonLines = (source: Source, diagnostics: Diagnostics): ReadonlyArray<CaseNode> => {
  const cases: Array<CaseNode> = []
  for (const line of source.text.matchAll(/[^\n]+/g)) {
    const text = line[0].trimEnd()
    if (text.trim() === "") continue
    const span = { source, start: line.index, end: line.index + text.length }
    const value = readLine(text, span, diagnostics)
    if (value === undefined) continue
    if (value.kind === "map") cases.push(value)
    else diagnostics.report(span, "a case is a map of keys and values: { … }")
  }
  return cases
}

const readLine = (text: string, span: Span, diagnostics: Diagnostics): Value | undefined => {
  try {
    const parsed: unknown = JSON.parse(text)
    return asValue(parsed, span, 0)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const offset = Number(/position (\d+)/.exec(reason)?.[1] ?? 0)
    const start = span.start + Math.min(offset, text.length - 1)
    const message = `this line isn't JSON: ${reason.replace(/ \(line.*| in JSON at.*/, "")}`
    diagnostics.report({ ...span, start, end: start + 1 }, message)
    return undefined
  }
}

const asValue = (value: unknown, span: Span, depth: number): Value => {
  if (depth > DEEPEST) throw new Error(`values may be nested ${DEEPEST} deep`)
  if (Array.isArray(value)) {
    return { kind: "list", items: value.map((item) => asValue(item, span, depth + 1)), span }
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([name, one]): [string, MapEntry<Value>] => [
      name,
      { key: span, value: asValue(one, span, depth + 1) },
    ])
    return { kind: "map", entries: new Map(entries), span }
  }
  const isScalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean"
  return { kind: "scalar", value: isScalar ? value : null, span }
}
