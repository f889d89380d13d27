import { Effect, type FileSystem, Path } from "effect"
import {
  type Diagnostics,
  entriesOf,
  entryOf,
  isText,
  mergeDocuments,
  type TextNode,
} from "../document/index.ts"
import { checkShape, isGroup, type PipelineDocument, putTogether, type WholeDocument } from "./documents.ts"
import { readImports } from "./imports.ts"
import { applyOverlays, type Overlays } from "./overlays.ts"
import { type Chain, readNamed, readYaml } from "./read-file.ts"

/** What is read besides a pipeline's document. */
export interface FileOptions {
  readonly profiles: ReadonlyArray<string>
  readonly overlays: ReadonlyArray<string>
  readonly workingFolder: string
}

/** Reads a pipeline's document and all files that it consists of. Undefined when the document itself can't be read. */
export const readPipelineFiles = Effect.fnUntraced(function* (
  file: string,
  { profiles, overlays, workingFolder }: FileOptions,
  diagnostics: Diagnostics,
) {
  const path = yield* Path.Path
  const read = yield* readYaml(file, path.resolve(workingFolder, file), diagnostics)
  const layers = yield* Effect.forEach(overlays, (one) => readOverlay(one, workingFolder, diagnostics))
  if (read === undefined) return undefined
  const files = layers.filter((layer) => layer !== undefined)
  const reader = new DocumentReader(workingFolder, path, diagnostics)
  return yield* reader.read(read.document, { profiles, files, workingFolder }, [
    { file, identity: read.identity },
  ])
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

const readOverlay = Effect.fnUntraced(function* (
  file: string,
  workingFolder: string,
  diagnostics: Diagnostics,
) {
  const path = yield* Path.Path
  const read = yield* readYaml(file, path.resolve(workingFolder, file), diagnostics)
  if (read === undefined) return undefined
  if (read.document.root.kind === "map") return read.document
  const message = "what is laid over a document is a map of those of its keys that are to be changed"
  diagnostics.report(read.document.root.span, message)
  return undefined
})

/** Reads documents with the documents that their stages use. */
class DocumentReader {
  readonly #read = new Map<string, WholeDocument>()
  readonly #workingFolder: string
  readonly #path: Path.Path
  readonly #diagnostics: Diagnostics

  constructor(workingFolder: string, path: Path.Path, diagnostics: Diagnostics) {
    this.#workingFolder = workingFolder
    this.#path = path
    this.#diagnostics = diagnostics
  }

  /** @param chain the files that led to the document; it is the last of them itself */
  read(
    main: PipelineDocument,
    overlays: Overlays,
    chain: Chain,
  ): Effect.Effect<WholeDocument, never, FileSystem.FileSystem | Path.Path> {
    const self = this
    return Effect.gen(function* () {
      checkShape(main, "document", self.#diagnostics)
      const layers = overlays.files.map(({ root }) => root)
      // Only a file that is laid over the document can change what it imports.
      const importing = layers.length === 0 ? main.root : layers.reduce(mergeDocuments, main.root)
      const itself: Chain = [chain.at(-1) ?? chain[0]]
      const imported = yield* readImports(importing, itself, self.#workingFolder, self.#diagnostics)
      const whole = putTogether(main, imported, self.#diagnostics)
      const root = applyOverlays(whole, overlays, self.#diagnostics)
      if (root !== whole) checkShape({ source: main.source, root }, "document", self.#diagnostics)
      const groups = new Map<string, WholeDocument>()
      for (const [, { value: stage }] of entriesOf(entryOf(root, "stages"))) {
        const uses = entryOf(stage, "uses")
        if (!isText(uses) || !isGroup(uses)) continue
        const absolute = self.#path.resolve(uses.span.source.folder, uses.value)
        const group = groups.get(absolute) ?? (yield* self.#readGroup(uses, chain))
        if (group !== undefined) groups.set(absolute, group)
      }
      const files = [main, ...imported, ...overlays.files].map(({ source }) => source.file)
      return { source: main.source, root, files, groups }
    })
  }

  readonly #readGroup = Effect.fnUntraced(
    { self: this },
    function* (this: DocumentReader, uses: TextNode, chain: Chain) {
      const circle = "documents use each other in a circle"
      const read = yield* readNamed(uses, chain, circle, this.#workingFolder, this.#diagnostics)
      if (read?.document === undefined) return undefined
      const known = this.#read.get(read.identity)
      if (known !== undefined) return known
      const overlays = { profiles: [], files: [], workingFolder: this.#workingFolder }
      const whole = yield* this.read(read.document, overlays, read.chain)
      this.#read.set(read.identity, whole)
      return whole
    },
  )
}
