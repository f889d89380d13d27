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
  let known: Map<string, readonly [string, string]> | undefined
  let learnt = false
  const mutex = Semaphore.makeUnsafe(1)

  const digestFile = Effect.fnUntraced(function* (
    file: FoundFile,
  ): Effect.fn.Return<ManifestFile, StoreError> {
    known ??= readKnown(layout.sources)
    const { path, stats } = file
    const state = stateOf(stats)
    const entry = known.get(file.absolute)
    const executable = isExecutable(stats)
    const size = Number(stats.size)
    if (entry?.[0] === state) return { path, size, sha256: entry[1], executable }
    const sha256 = yield* hashFile(file.absolute)
    if (isSettled(stats)) {
      known.set(file.absolute, [state, sha256])
      learnt = true
    }
    return { path, size, sha256, executable }
  })

  const manifestOf = Effect.fnUntraced(function* (path: string) {
    const stats = yield* Effect.try({
      try: () => statSync(path, { bigint: true }),
      catch: storeError("read", path),
    })
    if (!stats.isDirectory()) {
      return makeManifest("file", [yield* digestFile({ path: basename(path), absolute: path, stats })], [])
    }
    const found = yield* scanTree(path, "follow")
    const files = yield* Effect.forEach(found.files, digestFile, { concurrency: PARALLEL })
    return makeManifest("folder", files, found.folders)
  })

  const save = Effect.suspend(() => {
    if (!learnt || known === undefined) return Effect.void
    learnt = false
    // What another process has learnt meanwhile is kept; what is gone from the disk is forgotten.
    const all = new Map([...readKnown(layout.sources), ...known])
    const living = [...all].filter(([path]) => statSync(path, { throwIfNoEntry: false }) !== undefined)
    return writeAtomically(fs, layout.sources, canonicalJson(Object.fromEntries(living)), { durable: false })
  }).pipe(mutex.withPermits(1))

  return { manifestOf: (path) => mutex.withPermits(1)(manifestOf(path)), save }
}
