import { Effect, type FileSystem, Path } from "effect"
import type { Diagnostics, DocumentNode, TextNode } from "../document/index.ts"
import { checkShape, importsOf, type PipelineDocument } from "./documents.ts"
import { readYaml } from "./read-file.ts"

/** A file that led to the one that is being read. */
export interface OpenFile {
  readonly file: string
  /** Its real path. */
  readonly identity: string
}

/** Reads all that a document imports, in an order in which a file comes after those that it imports. */
export const readImports = Effect.fnUntraced(function* (
  root: DocumentNode,
  open: OpenFile,
  workingFolder: string,
  diagnostics: Diagnostics,
) {
  const path = yield* Path.Path
  const reader = new ImportReader(workingFolder, path, diagnostics)
  yield* reader.readImports(root, [open])
  return reader.imported
})

class ImportReader {
  readonly imported: Array<PipelineDocument> = []
  readonly #done = new Set<string>()
  readonly #workingFolder: string
  readonly #path: Path.Path
  readonly #diagnostics: Diagnostics

  constructor(workingFolder: string, path: Path.Path, diagnostics: Diagnostics) {
    this.#workingFolder = workingFolder
    this.#path = path
    this.#diagnostics = diagnostics
  }

  /** Reads what a document imports, given the files that led to it. */
  readImports(
    root: DocumentNode,
    chain: ReadonlyArray<OpenFile>,
  ): Effect.Effect<void, never, FileSystem.FileSystem | Path.Path> {
    return Effect.forEach(importsOf(root), (entry) => this.#readImport(entry, chain), { discard: true })
  }

  readonly #readImport = Effect.fnUntraced(
    { self: this },
    function* (this: ImportReader, entry: TextNode, chain: ReadonlyArray<OpenFile>) {
      const { source } = entry.span
      if (/^[a-z][a-z0-9+.-]*:/i.test(entry.value) || this.#path.isAbsolute(entry.value)) {
        this.#diagnostics.expectMissingNames()
        this.#diagnostics.report(entry.span, "an import must be a file, relative to the file that imports it")
        return
      }
      const absolute = this.#path.resolve(source.folder, entry.value)
      const file = this.#path.relative(this.#workingFolder, absolute)
      const read = yield* readYaml(file, absolute, this.#diagnostics, entry)
      if (read === undefined) return this.#diagnostics.expectMissingNames()
      const start = chain.findIndex(({ identity }) => identity === read.identity)
      if (start !== -1) {
        const circle = [...chain.slice(start).map((open) => open.file), file].join(" → ")
        this.#diagnostics.report(entry.span, `files import each other in a circle: ${circle}`)
        return
      }
      if (this.#done.has(read.identity)) return
      this.#done.add(read.identity)
      checkShape(read.document, "fragment", this.#diagnostics)
      yield* this.readImports(read.document.root, [...chain, { file, identity: read.identity }])
      this.imported.push(read.document)
    },
  )
}
