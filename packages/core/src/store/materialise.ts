import { constants, readdirSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { Effect } from "effect"
import { canonicalJson } from "./canonical-json.ts"
import { type Disk, discard, onDisk, uniqueName } from "./disk.ts"
import { artefactPath, type Manifest, type ManifestFile } from "./manifest.ts"
import type { SourceDigests } from "./source-digests.ts"
import { statsOf } from "./states.ts"
import type { StoreShape } from "./store.ts"
import { errorCode, isReadOnly, type StoreError } from "./store-error.ts"
import type { Artefact } from "./trees.ts"

/** Smaller files are copied, so that people can edit them. */
const WORTH_SHARING = 1 << 20

/** What a manifest says but for the name of a file that stands for itself. */
const contentOf = (manifest: Manifest): string => {
  const [file] = manifest.files
  if (manifest.form === "folder" || file === undefined) return canonicalJson(manifest)
  return canonicalJson({ ...file, path: "" })
}

/** Whether two paths are names of one file. */
const isSameFile = (one: string, other: string): boolean => {
  const [a, b] = [statsOf(one), statsOf(other)]
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev
}

/**
 * Whether the artefact is at that place already. Other names of the artefact's own files are right without being read:
 * the artefact was found whole just now.
 */
const isThere = (sources: SourceDigests, artefact: Artefact, to: string): Effect.Effect<boolean> => {
  const { manifest } = artefact
  const known = new Map<string, string>()
  for (const file of manifest.files) {
    const [from, placed] = placesOf(artefact, file, to)
    if (file.size >= WORTH_SHARING && isSameFile(from, placed)) known.set(placed, file.sha256)
  }
  return sources.manifestOf(to, known).pipe(
    Effect.map((found) => contentOf(found) === contentOf(manifest)),
    // Nothing there, or nothing that can be read: it is replaced.
    Effect.catch(() => Effect.succeed(false)),
  )
}

const placesOf = ({ manifest, path }: Artefact, file: ManifestFile, to: string): [string, string] =>
  manifest.form === "file" ? [path, to] : [join(path, file.path), join(to, file.path)]

/** Whether something could be done; not when the file systems cannot do it. */
const isPossible = (work: () => void): boolean => {
  try {
    work()
    return true
  } catch (cause) {
    if (CANNOT.has(errorCode(cause))) return false
    throw cause
  }
}

/** No such operation, two devices, no permission, too many names. */
const CANNOT = new Set([
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EINVAL",
  "EXDEV",
  "EPERM",
  "EROFS",
  "EACCES",
  "EMLINK",
  "ENOTTY",
])

/** Shares the blocks where the file system can, else the whole file, which is then read-only, else copies. */
const placeFile = (disk: Disk, file: ManifestFile, from: string, to: string): void => {
  if (file.size >= WORTH_SHARING) {
    const clones = isPossible(() => disk.copy(from, to, constants.COPYFILE_FICLONE_FORCE))
    if (!clones) {
      discard(disk, to)
      if (isPossible(() => disk.link(from, to))) return
      disk.copy(from, to, 0)
    }
  } else disk.copy(from, to, 0)
  disk.chmod(to, file.executable ? 0o755 : 0o644)
}

/** How many small files are placed before others get their turn. */
const BATCH = 64

const placeContent = Effect.fnUntraced(function* (disk: Disk, artefact: Artefact, to: string) {
  const { files, folders, form } = artefact.manifest
  const onTarget = (work: () => void) => onDisk("write", to, work)
  if (form === "folder") {
    yield* onTarget(() => {
      for (const folder of ["", ...folders]) disk.makeFolder(join(to, folder))
    })
  }
  for (let start = 0; start < files.length; start += BATCH) {
    yield* onTarget(() => {
      for (const file of files.slice(start, start + BATCH)) {
        placeFile(disk, file, ...placesOf(artefact, file, to))
      }
    })
    yield* Effect.yieldNow
  }
})

/** Removes what an earlier process left beside the target when it was killed. */
const clearRemains = (disk: Disk, to: string): void => {
  const names = readdirSync(dirname(to))
  const remains = names.filter((name) => name.startsWith(`.${basename(to)}.`) && name.endsWith(".partial"))
  for (const name of remains) disk.remove(join(dirname(to), name))
}

/**
 * Places an artefact where the user wants it, in one step: whoever looks sees the former content or the new one. Small
 * files are the user's own and may be written to. Large ones share their blocks with the store's where the file system
 * can do that; else they are further names of the store's files, read-only: replacing them is fine, and who writes into
 * one against that is found out at the artefact's next use.
 *
 * @returns whether anything had to be done
 */
export const materialiseArtefact = Effect.fnUntraced(function* (
  disk: Disk,
  sources: SourceDigests,
  artefact: Artefact,
  to: string,
  claim: StoreShape["claim"],
): Effect.fn.Return<boolean, StoreError> {
  if (yield* isThere(sources, artefact, to)) return false
  return yield* Effect.scoped(
    Effect.andThen(
      // A store that cannot be written to has nobody who places results of another content.
      Effect.catchIf(
        claim(`result ${to}`, () => undefined),
        isReadOnly,
        () => Effect.void,
      ),
      replaceBy(disk, artefact, to),
    ),
  )
})

const replaceBy = Effect.fnUntraced(function* (
  disk: Disk,
  artefact: Artefact,
  to: string,
): Effect.fn.Return<boolean, StoreError> {
  yield* onDisk("write", dirname(to), () => {
    disk.makeFolder(dirname(to))
    clearRemains(disk, to)
  })
  const partial = join(dirname(to), `.${basename(to)}.${uniqueName()}.partial`)
  const former = join(dirname(to), `.${basename(to)}.${uniqueName()}.partial`)
  const replace = Effect.gen(function* () {
    yield* placeContent(disk, artefact, partial)
    yield* onDisk("write", to, () => {
      // A folder cannot be renamed over another: the former one steps aside first.
      if (statsOf(to) !== undefined) disk.rename(to, former)
      disk.rename(partial, to)
    })
    yield* onDisk("remove", former, () => disk.remove(former))
  })
  yield* Effect.onError(replace, () => Effect.sync(() => discard(disk, partial)))
  return true
})

/** The name under which an artefact is placed: an output that is a file keeps its extension. */
export const resultName = (artefact: Artefact, output: string): string => {
  const name = basename(artefactPath(artefact.manifest, ""))
  const extension = artefact.manifest.form === "file" ? name.slice(name.indexOf(".")) : ""
  return name.includes(".") && !output.endsWith(extension) ? output + extension : output
}
