import {
  type Diagnostics,
  type DocumentNode,
  entriesOf,
  entryOf,
  isText,
  type MapEntry,
  type Source,
  type TextNode,
} from "../document/index.ts"
import { documentShape, fragmentShape, LANGUAGE_VERSION } from "./language.ts"
import { type CheckedSchema, prepareSchema } from "./schema-check.ts"
import { reportSchemaErrors } from "./schema-diagnostics.ts"

/** One file of a pipeline. */
export interface PipelineDocument {
  readonly source: Source
  readonly root: DocumentNode
}

/** A document with its imports and what is laid over it: its sections hold what all its files declare. */
export interface WholeDocument {
  /** The document's own file. */
  readonly source: Source
  readonly root: DocumentNode
  /** The documents that its stages use, by absolute path. */
  readonly groups: ReadonlyMap<string, WholeDocument>
}

/** Whether a stage's `uses` names a document, whose stages make up a group. */
export const isGroup = (uses: TextNode): boolean => /\.ya?ml$/i.test(uses.value)

const shapes = { document: documentShape, fragment: fragmentShape }
const prepared = new Map<keyof typeof shapes, CheckedSchema>()

/** Reports where a file doesn't have the form of a pipeline, or of a fragment of one. */
export const checkShape = (
  { source, root }: PipelineDocument,
  kind: "document" | "fragment",
  diagnostics: Diagnostics,
): void => {
  if (root.kind !== "map") {
    const hint = `it begins with \`version: ${LANGUAGE_VERSION}\``
    diagnostics.report(root.span, "a pipeline is a map of keys and values", { hint })
    return
  }
  const place = { source, start: root.span.start, end: root.span.start + 1 }
  const wording = { part: lastKey, keyNoun: "key", owner: "", place }
  const shape = prepared.get(kind) ?? prepareSchema(shapes[kind])
  prepared.set(kind, shape)
  reportSchemaErrors(shape.check(root), root, wording, diagnostics)
}

const lastKey = (path: ReadonlyArray<string>): string => {
  const names = path.slice(path.findLastIndex((segment) => !/^\d+$/.test(segment)))
  return `\`${[names[0], ...names.slice(1).map((index) => `[${index}]`)].join("")}\``
}

/** The files that a document imports, as it writes them. */
export const importsOf = (root: DocumentNode): ReadonlyArray<TextNode> => {
  const imports = entryOf(root, "imports")
  return imports?.kind === "list" ? imports.items.filter(isText) : []
}

/** What the entries of a document's sections are called. */
const SECTIONS = [
  ["params", "param"],
  ["stages", "stage"],
  ["outputs", "output"],
  ["env", "environment variable"],
  ["pools", "pool"],
  ["profiles", "profile"],
] as const

/** A document with the sections of those that it imports, which come first. */
export const putTogether = (
  main: PipelineDocument,
  imported: ReadonlyArray<PipelineDocument>,
  diagnostics: Diagnostics,
): DocumentNode => {
  if (main.root.kind !== "map" || imported.length === 0) return main.root
  const roots = [...imported, main].map(({ root }) => root)
  const entries = new Map(main.root.entries)
  for (const [section, noun] of SECTIONS) {
    const declared = roots.flatMap((root) => (root.kind === "map" ? (root.entries.get(section) ?? []) : []))
    const [first] = declared
    if (first === undefined) continue
    const merged = mergeSection(noun, declared, diagnostics)
    entries.set(section, { key: first.key, value: { kind: "map", entries: merged, span: first.value.span } })
  }
  const secrets = roots.flatMap((root) => (root.kind === "map" ? (root.entries.get("secrets") ?? []) : []))
  const [first] = secrets
  if (first !== undefined) {
    const items = secrets.flatMap(({ value }) => (value.kind === "list" ? value.items : []))
    entries.set("secrets", { key: first.key, value: { kind: "list", items, span: first.value.span } })
  }
  return { ...main.root, entries }
}

const mergeSection = (
  noun: string,
  declared: ReadonlyArray<MapEntry<DocumentNode>>,
  diagnostics: Diagnostics,
): ReadonlyMap<string, MapEntry<DocumentNode>> => {
  const all = new Map<string, MapEntry<DocumentNode>>()
  for (const [name, entry] of declared.flatMap(({ value }) => [...entriesOf(value)])) {
    const first = all.get(name)
    if (first === undefined) all.set(name, entry)
    else {
      diagnostics.report(entry.key, `another file declares the ${noun} \`${name}\` too`, {
        hint: "rename one of the two",
        related: { span: first.key, message: "it is declared here" },
      })
    }
  }
  return all
}
