import { constants } from "node:fs"
import { copyFile, readdir } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { Effect, type FileSystem } from "effect"
import { canonicalJson } from "./canonical-json.ts"
import { makeFolder, remove, uniqueName } from "./durable.ts"
import { artefactPath, type Manifest, type ManifestFile } from "./manifest.ts"
import type { SourceDigests } from "./source-digests.ts"
import type { StoreShape } from "./store.ts"
import { type StoreError, storeError } from "./store-error.ts"
import type { Artefact } from "./trees.ts"

/** What a manifest says but for the name of a file that stands for itself. */
const contentOf = (manifest: Manifest): string => {
  const [file] = manifest.files
  if (manifest.form === "folder" || file === undefined) return canonicalJson(manifest)
  return canonicalJson({ ...file, path: "" })
}

const isThere = (sources: SourceDigests, artefact: Artefact, to: string): Effect.Effect<boolean> =>
  sources.manifestOf(to).pipe(
    Effect.map((manifest) => contentOf(manifest) === contentOf(artefact.manifest)),
    // Nothing there, or nothing that can be read: it is replaced.
    Effect.catch(() => Effect.succeed(false)),
  )

const copyContent = Effect.fnUntraced(function* (fs: FileSystem.FileSystem, artefact: Artefact, to: string) {
  const { manifest } = artefact
  const copy = Effect.fnUntraced(function* (file: ManifestFile) {
    const source = manifest.form === "file" ? artefact.path : join(artefact.path, file.path)
    const target = manifest.form === "file" ? to : join(to, file.path)
    yield* Effect.tryPromise({
      try: () => copyFile(source, target, constants.COPYFILE_FICLONE),
      catch: storeError("write", target),
    })
    yield* fs
      .chmod(target, file.executable ? 0o755 : 0o644)
      .pipe(Effect.mapError(storeError("write", target)))
  })
  if (manifest.form === "folder") yield* makeFolder(fs, to)
  yield* Effect.forEach(manifest.folders, (folder) => makeFolder(fs, join(to, folder)), { discard: true })
  yield* Effect.forEach(manifest.files, copy, { concurrency: 4, discard: true })
})

/** Removes what an earlier process left beside the target when it was killed. */
const clearRemains = Effect.fnUntraced(function* (fs: FileSystem.FileSystem, to: string) {
  const names = yield* Effect.tryPromise({
    try: () => readdir(dirname(to)),
    catch: storeError("read", dirname(to)),
  })
  const remains = names.filter((name) => name.startsWith(`.${basename(to)}.`) && name.endsWith(".partial"))
  yield* Effect.forEach(remains, (name) => remove(fs, join(dirname(to), name)), { discard: true })
})

/**
 * Places a copy of an artefact where the user wants it, in one step: whoever looks sees the former content or the new
 * one. The copy is the user's own and may be written to. Copies share their blocks where the file system can.
 *
 * @returns whether anything had to be done
 */
export const materialiseArtefact = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  sources: SourceDigests,
  artefact: Artefact,
  to: string,
  claim: StoreShape["claim"],
): Effect.fn.Return<boolean, StoreError> {
  if (yield* isThere(sources, artefact, to)) return false
  return yield* Effect.scoped(
    Effect.andThen(
      claim(`result ${to}`, () => undefined),
      replaceBy(fs, artefact, to),
    ),
  )
})

const replaceBy = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  artefact: Artefact,
  to: string,
): Effect.fn.Return<boolean, StoreError> {
  yield* makeFolder(fs, dirname(to))
  yield* clearRemains(fs, to)
  const partial = join(dirname(to), `.${basename(to)}.${uniqueName()}.partial`)
  const former = join(dirname(to), `.${basename(to)}.${uniqueName()}.partial`)
  const replace = Effect.gen(function* () {
    yield* copyContent(fs, artefact, partial)
    // A folder cannot be renamed over another: the former one steps aside first.
    yield* Effect.ignore(fs.rename(to, former))
    yield* fs.rename(partial, to).pipe(Effect.mapError(storeError("write", to)))
    yield* remove(fs, former)
  })
  yield* Effect.onError(replace, () => Effect.ignore(remove(fs, partial)))
  return true
})

/** The name under which an artefact is placed: an output that is a file keeps its extension. */
export const resultName = (artefact: Artefact, output: string): string => {
  const name = basename(artefactPath(artefact.manifest, ""))
  const extension = artefact.manifest.form === "file" ? name.slice(name.indexOf(".")) : ""
  return name.includes(".") && !output.endsWith(extension) ? output + extension : output
}
