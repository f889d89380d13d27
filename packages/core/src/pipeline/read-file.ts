import { ByteSize, Effect, FileSystem, Path } from "effect"
import { type Diagnostics, type DocumentNode, parseYaml, Source, type TextNode } from "../document/index.ts"

/** Bytes of one document. */
const LARGEST_DOCUMENT = 1_000_000

/** Reads a YAML file; problems are reported at the text that names it, or at the file itself. */
export const readYaml = Effect.fnUntraced(function* (
  file: string,
  absolute: string,
  diagnostics: Diagnostics,
  namedBy?: TextNode,
) {
  const path = yield* Path.Path
  const folder = path.dirname(absolute)
  const place = namedBy?.span ?? { source: new Source(file, folder, ""), start: 0, end: 0 }
  const read = yield* readText(absolute, LARGEST_DOCUMENT).pipe(
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

/** A file that led to the one that is being read. */
export interface OpenFile {
  /** As messages speak of it. */
  readonly file: string
  /** Its real path. */
  readonly identity: string
}

/** The files that led somewhere, the last one last. */
export type Chain = readonly [OpenFile, ...ReadonlyArray<OpenFile>]

/**
 * Reads a file that another one names, relative to itself. What can't be read is reported, and undefined; a circle is
 * reported as well, and has no document.
 *
 * @param circle what is wrong when the file led to itself
 */
export const readNamed = Effect.fnUntraced(function* (
  namedBy: TextNode,
  chain: Chain,
  circle: string,
  workingFolder: string,
  diagnostics: Diagnostics,
) {
  const path = yield* Path.Path
  const absolute = path.resolve(namedBy.span.source.folder, namedBy.value)
  const file = path.relative(workingFolder, absolute)
  const read = yield* readYaml(file, absolute, diagnostics, namedBy)
  if (read === undefined) return undefined
  const longer: Chain = [...chain, { file, identity: read.identity }]
  const start = chain.findIndex(({ identity }) => identity === read.identity)
  if (start === -1) return { ...read, chain: longer }
  const files = longer.slice(start).map((open) => open.file)
  diagnostics.report(namedBy.span, `${circle}: ${files.join(" → ")}`)
  return { chain: longer, identity: read.identity, document: undefined }
})

/** The text of a file and its real path; fails with the reason in words. */
export const readText = Effect.fnUntraced(function* (absolute: string, largest: number) {
  const fs = yield* FileSystem.FileSystem
  const unreadable = (error: { readonly reason: { readonly _tag: string } }) =>
    error.reason._tag === "NotFound" ? "doesn't exist" : `can't be read (${error.reason._tag})`
  const info = yield* fs.stat(absolute).pipe(Effect.mapError(unreadable))
  if (info.type !== "File") return yield* Effect.fail("isn't a file")
  if (ByteSize.toBigInt(info.size) > largest) {
    return yield* Effect.fail(`is larger than such a file may be (${largest} bytes)`)
  }
  const bytes = yield* fs.readFile(absolute).pipe(Effect.mapError(unreadable))
  const identity = yield* fs.realPath(absolute).pipe(Effect.mapError(unreadable))
  const text = yield* Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => "isn't UTF-8 text",
  })
  return { text, identity }
})
