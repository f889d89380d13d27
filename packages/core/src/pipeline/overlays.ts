import {
  type Diagnostics,
  type DocumentNode,
  entriesOf,
  entryOf,
  mergeDocuments,
  Source,
} from "../document/index.ts"
import type { PipelineDocument } from "./documents.ts"

/** What is laid over a document. */
export interface Overlays {
  /** Names of the document's profiles. */
  readonly profiles: ReadonlyArray<string>
  /** Documents of which only those keys stand that are to be changed; they win over profiles. */
  readonly files: ReadonlyArray<PipelineDocument>
  /** Absolute. */
  readonly workingFolder: string
}

/** The document with the chosen profiles and then the files laid over it. */
export const applyOverlays = (
  root: DocumentNode,
  { profiles, files, workingFolder }: Overlays,
  diagnostics: Diagnostics,
): DocumentNode => {
  const layers = files.map((file) => file.root)
  const declared = entriesOf(entryOf(layers.reduce(mergeDocuments, root), "profiles"))
  const chosen = profiles.flatMap((name) => {
    const profile = declared.get(name)
    if (profile !== undefined) return [profile.value]
    const source = new Source("--profile", workingFolder, name)
    const span = { source, start: 0, end: name.length }
    const hint = "the document declares no profiles"
    diagnostics.reportUnknownName(span, `there is no profile \`${name}\``, name, declared.keys(), hint)
    return []
  })
  return [...chosen, ...layers].reduce(mergeDocuments, root)
}
