import type { DocumentNode, MapEntry } from "./node.ts"
import { Source } from "./source.ts"

/**
 * Lays one document over another: maps are merged deeply, lists and scalars replaced, and a key whose value is `null`
 * is taken out. Every value keeps the place where it is written.
 */
export const mergeDocuments = (base: DocumentNode, over: DocumentNode): DocumentNode => {
  if (over.kind !== "map") return over
  const entries = new Map<string, MapEntry<DocumentNode>>(base.kind === "map" ? base.entries : [])
  for (const [name, { key, value }] of over.entries) {
    const under = entries.get(name)
    if (value.kind === "scalar" && value.value === null) entries.delete(name)
    else if (under === undefined) entries.set(name, { key, value: mergeDocuments(NOTHING, value) })
    else entries.set(name, { key: under.key, value: mergeDocuments(under.value, value) })
  }
  const { span } = base.kind === "map" ? base : over
  return { kind: "map", entries, span }
}

/** What any document is laid over without change, but for the keys that it takes out. */
const NOTHING: DocumentNode = {
  kind: "scalar",
  value: null,
  span: { source: new Source("", "", ""), start: 0, end: 0 },
}
