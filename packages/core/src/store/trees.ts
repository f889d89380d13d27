import { readFileSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect, type FileSystem } from "effect"
import { sha256 } from "./canonical-json.ts"
import { makeFolder, remove, syncFolder, uniqueName } from "./durable.ts"
import type { Layout } from "./layout.ts"
import {
  artefactPath,
  type Manifest,
  type ManifestFile,
  makeManifest,
  manifestDigest,
  manifestText,
  parseManifest,
} from "./manifest.ts"
import { type FoundFile, flushFile, hashFile, isExecutable, scanTree } from "./scan.ts"
import { ArtefactDamaged, ArtefactRefused, errorCode, type StoreError, storeError } from "./store-error.ts"

/** An artefact in the store. */
export interface Artefact {
  readonly digest: string
  /** Absolute path of the folder or file, never to be written to. */
  readonly path: string
  readonly manifest: Manifest
}

/** How many files are read or flushed at once. */
const PARALLEL = 8

const damaged = (digest: string, message: string): ArtefactDamaged => new ArtefactDamaged({ digest, message })

/** Reads a manifest; its own bytes must have the digest that the artefact is named by. */
const readManifest = (layout: Layout, digest: string): Manifest => {
  const folder = layout.tree(digest)
  let text: string
  try {
    text = readFileSync(join(folder, "manifest.json"), "utf8")
  } catch (cause) {
    throw damaged(
      digest,
      errorCode(cause) === "ENOENT" ? "it is no longer there" : "its manifest cannot be read",
    )
  }
  if (sha256(text) !== digest) throw damaged(digest, "its manifest was changed")
  return parseManifest(text)
}

const checkSize = (digest: string, content: string, file: ManifestFile): void => {
  const stats = statSync(join(content, file.path), { throwIfNoEntry: false })
  if (stats === undefined || !stats.isFile()) throw damaged(digest, `its file ${file.path} is missing`)
  if (stats.size !== file.size) {
    throw damaged(digest, `its file ${file.path} has ${stats.size} bytes, not ${file.size}`)
  }
}

/** The artefact of that digest, if its files are there with the sizes that they should have. */
export const findArtefact = (layout: Layout, digest: string): Effect.Effect<Artefact, ArtefactDamaged> =>
  Effect.try({
    try: () => {
      const manifest = readManifest(layout, digest)
      const content = join(layout.tree(digest), "content")
      for (const file of manifest.files) checkSize(digest, content, file)
      return { digest, path: artefactPath(manifest, content), manifest }
    },
    catch: (cause) =>
      cause instanceof ArtefactDamaged ? cause : damaged(digest, `it cannot be read: ${String(cause)}`),
  })

/** As {@link findArtefact}, but every byte is read and compared with the manifest's digests. */
export const verifyArtefact = Effect.fnUntraced(function* (
  layout: Layout,
  digest: string,
): Effect.fn.Return<Artefact, ArtefactDamaged | StoreError> {
  const artefact = yield* findArtefact(layout, digest)
  const content = join(layout.tree(digest), "content")
  const check = Effect.fnUntraced(function* (file: ManifestFile) {
    const actual = yield* hashFile(join(content, file.path), file.size)
    if (actual !== file.sha256)
      return yield* damaged(digest, `the content of its file ${file.path} was changed`)
  })
  yield* Effect.forEach(artefact.manifest.files, check, { concurrency: PARALLEL, discard: true })
  return artefact
})

/**
 * Makes one file of an output final: read-only, flushed and hashed. A file that has another name somewhere and may be
 * written there is replaced by a copy, so that nobody can change the artefact through that name.
 */
const sealFile = Effect.fnUntraced(function* (fs: FileSystem.FileSystem, file: FoundFile) {
  const executable = isExecutable(file.stats)
  if (file.stats.nlink > 1n && (file.stats.mode & 0o222n) !== 0n) {
    const copy = `${file.absolute}.${uniqueName()}`
    yield* fs
      .copyFile(file.absolute, copy)
      .pipe(
        Effect.andThen(fs.rename(copy, file.absolute)),
        Effect.mapError(storeError("copy", file.absolute)),
      )
  }
  if ((file.stats.mode & 0o222n) !== 0n) {
    yield* fs
      .chmod(file.absolute, executable ? 0o555 : 0o444)
      .pipe(Effect.mapError(storeError("protect", file.absolute)))
  }
  const size = Number(file.stats.size)
  const digest = yield* hashFile(file.absolute, size)
  yield* flushFile(file.absolute)
  return { path: file.path, size, sha256: digest, executable }
})

const checkForm = (manifest: Manifest): Effect.Effect<void, ArtefactRefused> => {
  if (manifest.form === "folder" || (manifest.files.length === 1 && manifest.folders.length === 0)) {
    return Effect.void
  }
  const found = manifest.files.map((file) => file.path).join(", ")
  const message =
    found === "" ? "the file was not written" : `there must be one file, but there are: ${found}`
  return Effect.fail(new ArtefactRefused({ message }))
}

/** Puts a complete tree into its place; one that is there and sound is as good, a damaged one is replaced. */
const place = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  layout: Layout,
  digest: string,
  staging: string,
): Effect.fn.Return<void, StoreError> {
  const target = layout.tree(digest)
  yield* makeFolder(fs, dirname(target))
  for (;;) {
    const moved = yield* fs.rename(staging, target).pipe(
      Effect.as(true),
      Effect.catchIf(
        (error) => ["EEXIST", "ENOTEMPTY"].includes(errorCode(error)),
        () => Effect.succeed(false),
      ),
      Effect.mapError(storeError("write", target)),
    )
    if (moved) return yield* syncFolder(fs, dirname(target))
    const sound = yield* Effect.isSuccess(findArtefact(layout, digest))
    if (sound) return yield* remove(fs, staging)
    yield* Effect.ignore(fs.rename(target, `${staging}.damaged`))
    yield* remove(fs, `${staging}.damaged`)
  }
})

/**
 * Turns a finished output folder, which must lie in the store's `work`, into an artefact: hashed, made read-only, flushed
 * to disk, then moved into place in one step. Committing the same content again changes nothing.
 *
 * @param form `file` when the folder holds the one file that is the output
 * @returns the artefact's digest
 */
export const commitTree = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  layout: Layout,
  folder: string,
  form: Manifest["form"],
): Effect.fn.Return<string, StoreError | ArtefactRefused> {
  const found = yield* scanTree(folder, "refuse")
  const files = yield* Effect.forEach(found.files, (file) => sealFile(fs, file), { concurrency: PARALLEL })
  const manifest = makeManifest(form, files, found.folders)
  yield* checkForm(manifest)
  const digest = manifestDigest(manifest)
  if (yield* Effect.isSuccess(findArtefact(layout, digest))) {
    yield* remove(fs, folder)
    return digest
  }
  yield* Effect.forEach(["", ...found.folders], (path) => syncFolder(fs, join(folder, path)), {
    discard: true,
  })
  const staging = `${folder}.tree`
  yield* makeFolder(fs, staging)
  yield* fs.rename(folder, join(staging, "content")).pipe(Effect.mapError(storeError("move", folder)))
  yield* writeManifest(fs, join(staging, "manifest.json"), manifest)
  yield* syncFolder(fs, staging)
  yield* place(fs, layout, digest, staging)
  return digest
})

const writeManifest = (
  fs: FileSystem.FileSystem,
  path: string,
  manifest: Manifest,
): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    const file = yield* fs.open(path, { flag: "wx", mode: 0o444 })
    yield* file.writeAll(Buffer.from(manifestText(manifest)))
    yield* file.sync
  }).pipe(Effect.scoped, Effect.mapError(storeError("write", path)))
