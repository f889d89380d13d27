import { lstatSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { type Disk, discard, flushFile, onDisk, uniqueName } from "./disk.ts"
import type { Ground } from "./ground.ts"
import { hashFile } from "./hash.ts"
import { type Manifest, type ManifestFile, makeManifest, manifestDigest, manifestText } from "./manifest.ts"
import { type FoundFile, isExecutable, scanTree } from "./scan.ts"
import { ownFolders, type States, statesNow, statesText, statsOf, type Tree } from "./states.ts"
import { ArtefactRefused, errorCode, type StoreError } from "./store-error.ts"
import { findArtefact, readTree } from "./trees.ts"

/** Files of at least this size are flushed while they are hashed: the device has long to work then. */
const LARGE = 16 << 20
/** How many files are hashed at once. */
const PARALLEL = 4

const WRITABLE = 0o222n

/**
 * Makes one file of an output final: read-only, and not to be changed through another name that it may have.
 *
 * Its time is set to the full second before it was written: whatever is written later gives it another time, even within
 * the same tick of the clock. A read-only file with other names is left as it is, for it is somebody else's too.
 */
const seal = (disk: Disk, { absolute, stats }: FoundFile): void => {
  const isShared = stats.nlink > 1n
  const isWritable = (stats.mode & WRITABLE) !== 0n
  if (isShared && !isWritable) return
  if (isShared) {
    const copy = `${absolute}.${uniqueName()}`
    disk.copy(absolute, copy, 0)
    disk.rename(copy, absolute)
  }
  if (isWritable) disk.chmod(absolute, isExecutable(stats) ? 0o555 : 0o444)
  settleTime(disk, absolute, Number(stats.mtimeMs))
}

const settleTime = (disk: Disk, path: string, mtimeMs: number): void =>
  disk.setTime(path, Math.floor(mtimeMs / 1000) - 1)

const checkForm = (manifest: Manifest): Effect.Effect<void, ArtefactRefused> => {
  if (manifest.form === "folder" || (manifest.files.length === 1 && manifest.folders.length === 0)) {
    return Effect.void
  }
  const found = manifest.files.map((file) => file.path).join(", ")
  const message =
    found === "" ? "the file was not written" : `there must be one file, but there are: ${found}`
  return Effect.fail(new ArtefactRefused({ message }))
}

const sealAndHash = Effect.fnUntraced(function* (
  disk: Disk,
  file: FoundFile,
): Effect.fn.Return<ManifestFile, StoreError> {
  const { path, absolute, stats } = file
  yield* onDisk("protect", absolute, () => seal(disk, file))
  const size = Number(stats.size)
  const hashed = hashFile(absolute, size)
  const sha256 =
    size < LARGE
      ? yield* hashed
      : (yield* Effect.all([hashed, flushFile(disk, absolute)], { concurrency: 2 }))[0]
  return { path, size, sha256, executable: isExecutable(stats) }
})

/** Writes beside the content what is known of it. */
const describe = ({ disk, flushes }: Ground, manifest: Manifest, folder: string): States => {
  const [content, own] = [join(folder, "content"), join(folder, "manifest.json")]
  disk.write(own, manifestText(manifest), 0o444)
  for (const path of [own, ...ownFolders(manifest).map((name) => join(content, name))]) {
    settleTime(disk, path, lstatSync(path).mtimeMs)
  }
  const states = statesNow(folder, manifest, flushes.now())
  disk.write(join(folder, "states.json"), statesText(states))
  return states
}

/** Puts a complete tree into its place; one that is there and sound is as good, a damaged one is replaced. */
const place = Effect.fnUntraced(function* (
  ground: Ground,
  digest: string,
  folder: string,
): Effect.fn.Return<void, StoreError> {
  const { disk, layout } = ground
  const target = layout.tree(digest)
  for (;;) {
    if (yield* onDisk("write", target, () => moveTo(disk, folder, target))) return
    if (yield* Effect.isSuccess(findArtefact(ground, digest))) return discard(disk, folder)
    const aside = `${folder}.damaged`
    yield* Effect.ignore(onDisk("replace", target, () => disk.rename(target, aside)))
    discard(disk, aside)
  }
})

/** Whether a folder could be moved to a place; not when there is one already. */
const moveTo = (disk: Disk, from: string, to: string): boolean => {
  for (;;) {
    try {
      disk.rename(from, to)
      return true
    } catch (cause) {
      if (["EEXIST", "ENOTEMPTY"].includes(errorCode(cause))) return false
      const lacksParent = errorCode(cause) === "ENOENT" && statsOf(dirname(to)) === undefined
      if (!lacksParent) throw cause
      disk.makeFolder(dirname(to))
    }
  }
}

/** An artefact that is in the store since just now. */
export interface Committed {
  readonly digest: string
  readonly tree: Tree
}

/** The artefact of that digest, when it is in the store and sound; nothing is asked of one that isn't there. */
const sameIn = Effect.fnUntraced(function* (
  ground: Ground,
  digest: string,
): Effect.fn.Return<Committed | undefined, StoreError> {
  const { disk, layout } = ground
  const folder = layout.tree(digest)
  if (statsOf(folder) === undefined || !(yield* Effect.isSuccess(findArtefact(ground, digest))))
    return undefined
  // Whoever collects garbage sees that the artefact is wanted again.
  yield* onDisk("use", folder, () => disk.setTime(folder, Date.now() / 1000))
  return { digest, tree: yield* onDisk("read", folder, () => readTree(layout, digest)) }
})

/**
 * Turns a finished output folder, one of the store's work folders, into an artefact: hashed, made read-only, then moved
 * into its place in one step. Committing the same content again changes nothing.
 *
 * What a power failure undoes of it is noticed before it is used: see Flushes.
 *
 * @param form `file` when the folder holds the one file that is the output
 */
export const commitTree = Effect.fnUntraced(function* (
  ground: Ground,
  folder: string,
  form: Manifest["form"],
): Effect.fn.Return<Committed, StoreError | ArtefactRefused> {
  const { disk } = ground
  const found = yield* scanTree(folder, "refuse")
  const files = yield* Effect.forEach(found.files, (file) => sealAndHash(disk, file), {
    concurrency: PARALLEL,
  })
  const manifest = makeManifest(form, files, found.folders)
  yield* checkForm(manifest)
  const digest = manifestDigest(manifest)
  const same = yield* sameIn(ground, digest)
  if (same !== undefined) return same
  const work = dirname(folder)
  const states = yield* onDisk("write", work, () => describe(ground, manifest, work))
  yield* place(ground, digest, work)
  return { digest, tree: { manifest, states } }
})
