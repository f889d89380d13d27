import {
  type Diagnostics,
  type DocumentNode,
  entryOf,
  isText,
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

let shapes: { readonly document: CheckedSchema; readonly fragment: CheckedSchema } | undefined

/** Reports where a file doesn't have the form of a pipeline, or of a fragment of one. */
export const checkShape = (
  { source, root }: PipelineDocument,
  kind: "document" | "fragment",
  diagnostics: Diagnostics,
): void => {
  shapes ??= { document: prepareSchema(documentShape), fragment: prepareSchema(fragmentShape) }
  if (root.kind !== "map") {
    const hint = `it begins with \`version: ${LANGUAGE_VERSION}\``
    diagnostics.report(root.span, "a pipeline is a map of keys and values", { hint })
    return
  }
  const place = { source, start: root.span.start, end: root.span.start + 1 }
  const wording = { part: lastKey, keyNoun: "key", owner: "", place }
  reportSchemaErrors(shapes[kind].check(root), root, wording, diagnostics)
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
