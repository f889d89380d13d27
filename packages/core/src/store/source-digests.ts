import { type BigIntStats, readFileSync, statSync } from "node:fs"
import { basename } from "node:path"
import { Effect, Semaphore } from "effect"
import { type Disk, onDisk, writeAtomically } from "./disk.ts"
import { hashFile } from "./hash.ts"
import type { Layout } from "./layout.ts"
import { type Manifest, type ManifestFile, makeManifest } from "./manifest.ts"
import { type FoundFile, isExecutable, scanTree } from "./scan.ts"
import { type ArtefactRefused, type StoreError, storeError } from "./store-error.ts"
import { parseSummed, summedText } from "./summed-json.ts"

/** A file that was changed less than this many milliseconds ago may change again without its time telling. */
const SETTLED = 100
/** The same where the file system counts whole seconds, or pairs of them. */
const SETTLED_COARSE = 2000
const PARALLEL = 4

/** The file's state on disk, and the digest of the content that it had in that state. */
type Known = readonly [state: string, sha256: string]

/** The digests of files outside the store, remembered by their state on disk. */
export interface SourceDigests {
  /** What is at that path now. A file's own name belongs to its manifest, for its extension may mean something. */
  readonly manifestOf: (
    path: string,
    /** Digests of files that need not be read, by their absolute paths. */
    sure?: ReadonlyMap<string, string>,
  ) => Effect.Effect<Manifest, StoreError | ArtefactRefused>
  /** Writes what was learnt, for the next process. */
  readonly save: Effect.Effect<void, StoreError>
}

const stateOf = (stats: BigIntStats): string =>
  [stats.size, stats.mtimeNs, stats.ctimeNs, stats.ino].join(" ")

const isSettled = ({ ctimeNs }: BigIntStats): boolean => {
  const wait = ctimeNs % 1_000_000_000n === 0n ? SETTLED_COARSE : SETTLED
  return Number(ctimeNs / 1_000_000n) < Date.now() - wait
}

/** Reads what was learnt by earlier processes: by absolute path; a damaged file says nothing. */
const readKnown = (path: string): Map<string, Known> => {
  try {
    const { known }: { readonly known: Readonly<Record<string, Known>> } = parseSummed(
      readFileSync(path, "utf8"),
    )
    return new Map(Object.entries(known))
  } catch {
    return new Map()
  }
}

/** The digests of the user's own files, in the given store. */
export const makeSourceDigests = (disk: Disk, layout: Layout): SourceDigests => {
  const known = new Map<string, Known>()
  /** Digests of what the current question had to read. */
  const fresh = new Map<string, string>()
  let loaded = false
  let learnt = false
  const mutex = Semaphore.makeUnsafe(1)

  const digestFile = Effect.fnUntraced(function* ({ absolute, stats }: FoundFile) {
    const sha256 = yield* hashFile(absolute, Number(stats.size))
    fresh.set(absolute, sha256)
    // What was changed while it was read is not known.
    const after = statSync(absolute, { bigint: true, throwIfNoEntry: false })
    if (after === undefined || stateOf(after) !== stateOf(stats) || !isSettled(stats)) return
    known.set(absolute, [stateOf(stats), sha256])
    learnt = true
  })

  /** Files that are known cost a look each; only the others are read. */
  const digestFiles = Effect.fnUntraced(function* (
    files: ReadonlyArray<FoundFile>,
    sure: ReadonlyMap<string, string>,
  ): Effect.fn.Return<ReadonlyArray<ManifestFile>, StoreError> {
    if (!loaded) for (const [path, entry] of readKnown(layout.sources)) known.set(path, entry)
    loaded = true
    const unknown = files.filter(
      ({ absolute, stats }) => !sure.has(absolute) && known.get(absolute)?.[0] !== stateOf(stats),
    )
    fresh.clear()
    yield* Effect.forEach(unknown, digestFile, { concurrency: PARALLEL, discard: true })
    return files.map(({ path, absolute, stats }) => ({
      path,
      size: Number(stats.size),
      sha256: sure.get(absolute) ?? fresh.get(absolute) ?? known.get(absolute)?.[1] ?? "",
      executable: isExecutable(stats),
    }))
  })

  const manifestOf = Effect.fnUntraced(function* (path: string, sure: ReadonlyMap<string, string>) {
    const stats = yield* Effect.try({
      try: () => statSync(path, { bigint: true }),
      catch: storeError("read", path),
    })
    if (!stats.isDirectory()) {
      const file = { path: basename(path), absolute: path, stats }
      return makeManifest("file", yield* digestFiles([file], sure), [])
    }
    const found = yield* scanTree(path, "follow")
    return makeManifest("folder", yield* digestFiles(found.files, sure), found.folders)
  })

  const save = Effect.suspend(() => {
    if (!learnt) return Effect.void
    learnt = false
    // What another process has learnt meanwhile is kept; what is gone from the disk is forgotten.
    const all = new Map([...readKnown(layout.sources), ...known])
    const living = [...all].filter(([path]) => statSync(path, { throwIfNoEntry: false }) !== undefined)
    const text = summedText({ known: Object.fromEntries(living) })
    return onDisk("write", layout.sources, () => writeAtomically(disk, layout.sources, text))
  }).pipe(mutex.withPermits(1))

  return {
    manifestOf: (path, sure = new Map()) => mutex.withPermits(1)(manifestOf(path, sure)),
    save,
  }
}
