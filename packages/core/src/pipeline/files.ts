import { ByteSize, Effect, FileSystem, Path } from "effect"
import { type Diagnostics, type DocumentNode, parseYaml, Source, type TextNode } from "../document/index.ts"
import { checkShape, importsOf, type PipelineDocument } from "./documents.ts"

/** Bytes of one document. */
const LARGEST_FILE = 1_000_000

/** The files of a pipeline. */
export interface PipelineFiles {
  readonly main: PipelineDocument
  /** In an order in which a file comes after those that it imports. */
  readonly imported: ReadonlyArray<PipelineDocument>
}

/** Reads a pipeline's document and all that it imports. Undefined when the document itself can't be read. */
export const readPipelineFiles = Effect.fnUntraced(function* (
  file: string,
  workingFolder: string,
  diagnostics: Diagnostics,
) {
  const path = yield* Path.Path
  const reader = new ImportReader(workingFolder, path, diagnostics)
  const read = yield* readYaml(file, path.resolve(workingFolder, file), diagnostics)
  if (read === undefined) return undefined
  checkShape(read.document, "document", diagnostics)
  yield* reader.readImports(read.document, [{ file, identity: read.identity }])
  const files: PipelineFiles = { main: read.document, imported: reader.imported }
  return files
})

/** Reads a parameter file. */
export const readParamFile = Effect.fnUntraced(function* (
  file: string,
  workingFolder: string,
  diagnostics: Diagnostics,
) {
  const path = yield* Path.Path
  const read = yield* readYaml(file, path.resolve(workingFolder, file), diagnostics)
  return read?.document.root
})

interface OpenFile {
  readonly file: string
  readonly identity: string
}

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
    { root }: PipelineDocument,
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
      yield* this.readImports(read.document, [...chain, { file, identity: read.identity }])
      this.imported.push(read.document)
    },
  )
}

/** Reads a YAML file; problems are reported at the import that names it, or at the file itself. */
const readYaml = Effect.fnUntraced(function* (
  file: string,
  absolute: string,
  diagnostics: Diagnostics,
  importedBy?: TextNode,
) {
  const path = yield* Path.Path
  const folder = path.dirname(absolute)
  const place = importedBy?.span ?? { source: new Source(file, folder, ""), start: 0, end: 0 }
  const read = yield* readText(absolute).pipe(
    Effect.catch((reason) => {
      diagnostics.report(place, `\`${file}\` ${reason}`)
      return Effect.succeed(undefined)
    }),
  )
  if (read === undefined) return undefined
  const source = new Source(file, folder, read.text)
  const root: DocumentNode | undefined = parseYaml(source, diagnostics)
  return root === undefined ? undefined : { document: { source, root }, identity: read.identity }
})

/** The text of a file and its real path; fails with the reason in words. */
const readText = Effect.fnUntraced(function* (absolute: string) {
  const fs = yield* FileSystem.FileSystem
  const unreadable = (error: { readonly reason: { readonly _tag: string } }) =>
    error.reason._tag === "NotFound" ? "doesn't exist" : `can't be read (${error.reason._tag})`
  const info = yield* fs.stat(absolute).pipe(Effect.mapError(unreadable))
  if (info.type !== "File") return yield* Effect.fail("isn't a file")
  if (ByteSize.toBigInt(info.size) > LARGEST_FILE) {
    return yield* Effect.fail(`is larger than a pipeline may be (${LARGEST_FILE} bytes)`)
  }
  const bytes = yield* fs.readFile(absolute).pipe(Effect.mapError(unreadable))
  const identity = yield* fs.realPath(absolute).pipe(Effect.mapError(unreadable))
  const text = yield* Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => "isn't UTF-8 text",
  })
  return { text, identity }
})
