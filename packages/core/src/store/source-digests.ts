import { type BigIntStats, readFileSync, statSync } from "node:fs"
import { basename } from "node:path"
import { Effect, type FileSystem, Schema, Semaphore } from "effect"
import { canonicalJson } from "./canonical-json.ts"
import { writeAtomically } from "./durable.ts"
import type { Layout } from "./layout.ts"
import { type Manifest, type ManifestFile, makeManifest } from "./manifest.ts"
import { type FoundFile, hashFile, isExecutable, scanTree } from "./scan.ts"
import { type ArtefactRefused, type StoreError, storeError } from "./store-error.ts"

/** A file that was changed less than this many milliseconds ago may change again without its time telling. */
const SETTLED = 2000
const PARALLEL = 4

/** By absolute path: the file's state on disk, and the digest of the content that it had in that state. */
const Known = Schema.Record(Schema.String, Schema.Tuple([Schema.String, Schema.String]))
const parseKnown = Schema.decodeUnknownSync(Schema.fromJsonString(Known))

/** The digests of files outside the store, remembered by their state on disk. */
export interface SourceDigests {
  /** What is at that path now. A file's own name belongs to its manifest, for its extension may mean something. */
  readonly manifestOf: (path: string) => Effect.Effect<Manifest, StoreError | ArtefactRefused>
  /** Writes what was learnt, for the next process. */
  readonly save: Effect.Effect<void, StoreError>
}

const stateOf = (stats: BigIntStats): string =>
  [stats.size, stats.mtimeNs, stats.ctimeNs, stats.ino].join(" ")

const isSettled = (stats: BigIntStats): boolean => Number(stats.ctimeNs / 1_000_000n) < Date.now() - SETTLED

const readKnown = (path: string): Map<string, readonly [string, string]> => {
  try {
    return new Map(Object.entries(parseKnown(readFileSync(path, "utf8"))))
  } catch {
    return new Map()
  }
}

/** The digests of the user's own files, in the given store. */
export const makeSourceDigests = (fs: FileSystem.FileSystem, layout: Layout): SourceDigests => {
  const known = new Map<string, readonly [string, string]>()
  /** Digests of what the current question had to read. */
  const fresh = new Map<string, string>()
  let loaded = false
  let learnt = false
  const mutex = Semaphore.makeUnsafe(1)

  const digestFile = Effect.fnUntraced(function* ({ absolute, stats }: FoundFile) {
    const sha256 = yield* hashFile(absolute, Number(stats.size))
    fresh.set(absolute, sha256)
    if (!isSettled(stats)) return
    known.set(absolute, [stateOf(stats), sha256])
    learnt = true
  })

  /** Files that are known cost a look each; only the others are read. */
  const digestFiles = Effect.fnUntraced(function* (
    files: ReadonlyArray<FoundFile>,
  ): Effect.fn.Return<ReadonlyArray<ManifestFile>, StoreError> {
    if (!loaded) for (const [path, entry] of readKnown(layout.sources)) known.set(path, entry)
    loaded = true
    const unknown = files.filter(({ absolute, stats }) => known.get(absolute)?.[0] !== stateOf(stats))
    fresh.clear()
    yield* Effect.forEach(unknown, digestFile, { concurrency: PARALLEL, discard: true })
    return files.map(({ path, absolute, stats }) => ({
      path,
      size: Number(stats.size),
      sha256: fresh.get(absolute) ?? known.get(absolute)?.[1] ?? "",
      executable: isExecutable(stats),
    }))
  })

  const manifestOf = Effect.fnUntraced(function* (path: string) {
    const stats = yield* Effect.try({
      try: () => statSync(path, { bigint: true }),
      catch: storeError("read", path),
    })
    if (!stats.isDirectory()) {
      const file = { path: basename(path), absolute: path, stats }
      return makeManifest("file", yield* digestFiles([file]), [])
    }
    const found = yield* scanTree(path, "follow")
    return makeManifest("folder", yield* digestFiles(found.files), found.folders)
  })

  const save = Effect.suspend(() => {
    if (!learnt) return Effect.void
    learnt = false
    // What another process has learnt meanwhile is kept; what is gone from the disk is forgotten.
    const all = new Map([...readKnown(layout.sources), ...known])
    const living = [...all].filter(([path]) => statSync(path, { throwIfNoEntry: false }) !== undefined)
    return writeAtomically(fs, layout.sources, canonicalJson(Object.fromEntries(living)), { durable: false })
  }).pipe(mutex.withPermits(1))

  return { manifestOf: (path) => mutex.withPermits(1)(manifestOf(path)), save }
}
