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
import { documentShape, LANGUAGE_VERSION, profileShape } from "./language.ts"
import { type CheckedSchema, prepareSchema, type SchemaCheck } from "./schema-check.ts"
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
  /** What it was put together from: itself, its imports, what is laid over it. */
  readonly files: ReadonlyArray<string>
  /** The documents that its stages use, by absolute path. */
  readonly groups: ReadonlyMap<string, WholeDocument>
}

/** Whether a stage's `uses` names a document, whose stages make up a group. */
export const isGroup = (uses: TextNode): boolean => /\.ya?ml$/i.test(uses.value)

/** Made ready when they are first needed: most documents have no profiles. */
const prepared = new Map<object, CheckedSchema>()

const check = (shape: object, node: DocumentNode): SchemaCheck => {
  const schema = prepared.get(shape) ?? prepareSchema(shape)
  prepared.set(shape, schema)
  return schema.check(node)
}

/** Reports where a file doesn't have the form of a pipeline, or of a fragment of one, which may lack the version. */
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
  const wording = { part: lastKey, keyNoun: "key", owner: "" }
  const place = { source, start: root.span.start, end: root.span.start + 1 }
  const found = check(documentShape, root)
  const isAboutVersion = ({ params }: SchemaCheck["errors"][number]) => params.missingProperty === "version"
  const errors = kind === "document" ? found.errors : found.errors.filter((error) => !isAboutVersion(error))
  reportSchemaErrors({ ...found, errors }, root, { ...wording, place }, diagnostics)
  for (const [, { key, value }] of entriesOf(entryOf(root, "profiles"))) {
    if (value.kind !== "map") continue
    reportSchemaErrors(check(profileShape, value), value, { ...wording, place: key }, diagnostics)
  }
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
