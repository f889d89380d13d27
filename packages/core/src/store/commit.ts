import { lstatSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { type Disk, discard, flushAll, onDisk, uniqueName } from "./disk.ts"
import { hashFile } from "./hash.ts"
import type { Layout } from "./layout.ts"
import { type Manifest, type ManifestFile, makeManifest, manifestDigest, manifestText } from "./manifest.ts"
import { type FoundFile, isExecutable, scanTree } from "./scan.ts"
import { ownFolders, statesNow, statesText } from "./states.ts"
import { ArtefactRefused, errorCode, type StoreError } from "./store-error.ts"
import { findArtefact } from "./trees.ts"

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
      : (yield* Effect.all([hashed, flushAll(disk, [absolute])], { concurrency: 2 }))[0]
  return { path, size, sha256, executable: isExecutable(stats) }
})

/** Moves the output into a folder with its manifest; all of it is on the disk for good at the end. */
const stage = Effect.fnUntraced(function* (
  disk: Disk,
  manifest: Manifest,
  folder: string,
  staging: string,
): Effect.fn.Return<void, StoreError> {
  const [content, own] = [join(staging, "content"), join(staging, "manifest.json")]
  yield* onDisk("write", staging, () => {
    disk.makeFolder(staging)
    disk.rename(folder, content)
    disk.write(own, manifestText(manifest), 0o444)
    for (const path of [own, ...ownFolders(manifest).map((name) => join(content, name))]) {
      settleTime(disk, path, lstatSync(path).mtimeMs)
    }
    disk.write(join(staging, "states.json"), statesText(statesNow(staging, manifest)))
  })
  // File systems with a log write what the folders list together with the files. Where one doesn't, a power cut may
  // take a file away, which is noticed at the next look.
  const unflushed = manifest.files.filter((file) => file.size < LARGE).map((file) => join(content, file.path))
  yield* flushAll(disk, [...unflushed, own])
})

/** Puts a complete tree into its place; one that is there and sound is as good, a damaged one is replaced. */
const place = Effect.fnUntraced(function* (
  disk: Disk,
  layout: Layout,
  digest: string,
  staging: string,
): Effect.fn.Return<void, StoreError> {
  const target = layout.tree(digest)
  for (;;) {
    if (yield* onDisk("write", target, () => moveTo(disk, staging, target))) return
    if (yield* Effect.isSuccess(findArtefact(disk, layout, digest))) return discard(disk, staging)
    const aside = `${staging}.damaged`
    yield* Effect.ignore(onDisk("replace", target, () => disk.rename(target, aside)))
    discard(disk, aside)
  }
})

/** Whether a folder could be moved to a place; not when there is one already. */
const moveTo = (disk: Disk, from: string, to: string): boolean => {
  try {
    disk.makeFolder(dirname(to))
    disk.rename(from, to)
    return true
  } catch (cause) {
    if (["EEXIST", "ENOTEMPTY"].includes(errorCode(cause))) return false
    throw cause
  }
}

/**
 * Turns a finished output folder, which must lie in the store's `work`, into an artefact: hashed, made read-only, flushed
 * to disk, then moved into place in one step. Committing the same content again changes nothing.
 *
 * That it is in its place survives a power failure only with the record that names it.
 *
 * @param form `file` when the folder holds the one file that is the output
 * @returns the artefact's digest
 */
export const commitTree = Effect.fnUntraced(function* (
  disk: Disk,
  layout: Layout,
  folder: string,
  form: Manifest["form"],
): Effect.fn.Return<string, StoreError | ArtefactRefused> {
  const found = yield* scanTree(folder, "refuse")
  const files = yield* Effect.forEach(found.files, (file) => sealAndHash(disk, file), {
    concurrency: PARALLEL,
  })
  const manifest = makeManifest(form, files, found.folders)
  yield* checkForm(manifest)
  const digest = manifestDigest(manifest)
  if (yield* Effect.isSuccess(findArtefact(disk, layout, digest))) {
    yield* onDisk("use", layout.tree(digest), () => touch(disk, layout, digest))
    discard(disk, folder)
    return digest
  }
  const staging = `${folder}.tree`
  yield* stage(disk, manifest, folder, staging)
  yield* place(disk, layout, digest, staging)
  return digest
})

/** Tells whoever collects garbage that the artefact is wanted again. */
const touch = (disk: Disk, layout: Layout, digest: string): void =>
  disk.setTime(layout.tree(digest), Date.now() / 1000)
