import { Effect, type FileSystem, Path } from "effect"
import type { Diagnostics, DocumentNode, TextNode } from "../document/index.ts"
import { checkShape, importsOf, type PipelineDocument } from "./documents.ts"
import { type Chain, readNamed } from "./read-file.ts"

/** Reads all that a document imports, in an order in which a file comes after those that it imports. */
export const readImports = Effect.fnUntraced(function* (
  root: DocumentNode,
  open: Chain,
  workingFolder: string,
  diagnostics: Diagnostics,
) {
  const path = yield* Path.Path
  const imported: Array<PipelineDocument> = []
  const done = new Set<string>()

  const readAll = (
    from: DocumentNode,
    chain: Chain,
  ): Effect.Effect<void, never, FileSystem.FileSystem | Path.Path> =>
    Effect.forEach(importsOf(from), (entry) => readOne(entry, chain), { discard: true })

  const readOne = Effect.fnUntraced(function* (entry: TextNode, chain: Chain) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(entry.value) || path.isAbsolute(entry.value)) {
      diagnostics.expectMissingNames()
      diagnostics.report(entry.span, "an import must be a file, relative to the file that imports it")
      return
    }
    const circle = "files import each other in a circle"
    const read = yield* readNamed(entry, chain, circle, workingFolder, diagnostics)
    if (read === undefined) return diagnostics.expectMissingNames()
    if (read.document === undefined || done.has(read.identity)) return
    done.add(read.identity)
    checkShape(read.document, "fragment", diagnostics)
    yield* readAll(read.document.root, read.chain)
    imported.push(read.document)
  })

  yield* readAll(root, open)
  return imported
})
