import { join, resolve } from "node:path"
import { Context, Effect, Layer, type Scope } from "effect"
import { claimName } from "./claims.ts"
import { type Collection, makeCollection } from "./collection.ts"
import { commitTree } from "./commit.ts"
import { Disk, discard, onDisk } from "./disk.ts"
import { type Found, find, settleRecord } from "./find.ts"
import { checkFormat } from "./format.ts"
import { type Layout, layoutOf } from "./layout.ts"
import { type Leases, makeLeases } from "./lease.ts"
import { type Manifest, manifestDigest } from "./manifest.ts"
import { materialiseArtefact } from "./materialise.ts"
import { type KeyRecord, readStored, writeRecord } from "./records.ts"
import { makeSourceDigests } from "./source-digests.ts"
import { type ArtefactDamaged, type ArtefactRefused, errorCode, type StoreError } from "./store-error.ts"
import { sweep } from "./sweep.ts"
import { type Artefact, findArtefact, verifyArtefact } from "./trees.ts"

/** What a store does. */
export interface StoreShape {
  /** Absolute. */
  readonly root: string
  /** Where runs leave their journals. */
  readonly runs: string
  /** Clears away what dead processes have left. */
  readonly sweep: Effect.Effect<void, StoreError>
  /**
   * A new folder on the store's own disk, removed with the scope.
   *
   * @param folders made in it, each after those above it
   */
  readonly workFolder: (folders?: ReadonlyArray<string>) => Effect.Effect<string, StoreError, Scope.Scope>
  /** The folder in which a task of that key keeps what it has so far; made when missing. */
  readonly checkpointFolder: (key: string) => Effect.Effect<string, StoreError>
  readonly removeCheckpoint: (key: string) => Effect.Effect<void, StoreError>
  /** Makes an artefact of a folder within a work folder; gives its digest. */
  readonly commit: (
    folder: string,
    form: Manifest["form"],
  ) => Effect.Effect<string, StoreError | ArtefactRefused>
  /**
   * The record of a key, if there is a sound one, and whether its outputs of these names can be used. Plain code for the
   * many tasks of a run; nothing is read but the record, and each file is looked at. When that leaves a doubt, `settle`
   * answers.
   */
  readonly find: (key: string, outputs: ReadonlyArray<string>) => Found | undefined
  /** As `find`, but reads the files that were touched since they were last read: leaves no doubt. */
  readonly settle: (key: string, outputs: ReadonlyArray<string>) => Effect.Effect<Found | undefined>
  /** An artefact, if it is whole: what was touched since it was last read is read again. Done at every use. */
  readonly artefact: (digest: string) => Effect.Effect<Artefact, ArtefactDamaged>
  /** An artefact, if every byte of it is right. */
  readonly verify: (digest: string) => Effect.Effect<Artefact, ArtefactDamaged | StoreError>
  /** The record of a key, wherever its artefacts are. */
  readonly record: (key: string) => KeyRecord | undefined
  readonly writeRecord: (record: KeyRecord) => Effect.Effect<void, StoreError>
  /** Holds a name against all processes that use this store, until the scope ends. */
  readonly claim: (name: string, onWait: () => void) => Effect.Effect<void, StoreError, Scope.Scope>
  /** The digest of a file or folder outside the store. */
  readonly digestSource: (path: string) => Effect.Effect<string, StoreError | ArtefactRefused>
  /** Keeps what was learnt about sources for later processes. */
  readonly saveSources: Effect.Effect<void, StoreError>
  /** Places an artefact where the user wants it, replacing what is there; false when it was there already. */
  readonly materialise: (digest: string, to: string) => Effect.Effect<boolean, StoreError | ArtefactDamaged>
  /** What is in the store, and how it is cleared of what nobody needs. */
  readonly collection: Collection
}

/** The artefacts of a project, named by their content, and what is known of how they came about. */
export class Store extends Context.Service<Store, StoreShape>()("@diva-pipeline/core/store/Store") {
  /** The store in the given folder, which is made when something is first written. A store of another format is refused. */
  static layer(folder: string): Layer.Layer<Store, StoreError> {
    return Layer.effect(Store, makeStore(resolve(folder)))
  }
}

const makeStore = Effect.fnUntraced(function* (root: string) {
  const disk = yield* Disk
  const layout = layoutOf(root)
  yield* checkFormat(layout)
  const leases = yield* makeLeases(disk, layout)
  const sources = makeSourceDigests(disk, layout)
  const claim = (name: string, onWait: () => void) => claimName(disk, layout, leases, name, onWait)
  const artefact = (digest: string) => findArtefact(disk, layout, digest)
  return Store.of({
    root,
    runs: layout.runs,
    sweep: sweep(disk, layout, leases),
    workFolder: makeWorkFolders(disk, layout, leases),
    checkpointFolder: (key) => checkpointFolder(disk, layout.checkpoint(key)),
    removeCheckpoint: (key) => removeCheckpoint(disk, layout.checkpoint(key)),
    commit: (folder, form) => commitTree(disk, layout, folder, form),
    find: (key, outputs) => find(layout, key, outputs),
    settle: (key, outputs) => settleRecord(disk, layout, key, outputs),
    artefact,
    verify: (digest) => verifyArtefact(disk, layout, digest),
    record: (key) => readStored(layout, key)?.record,
    writeRecord: (record) => writeRecord(disk, layout, record),
    claim,
    digestSource: (path) => Effect.map(sources.manifestOf(path), manifestDigest),
    saveSources: sources.save,
    materialise: (digest, to) =>
      Effect.flatMap(artefact(digest), (found) =>
        materialiseArtefact(disk, sources, found, resolve(to), claim),
      ),
    collection: makeCollection(disk, layout, leases, claim),
  })
})

const makeWorkFolders = (disk: Disk, layout: Layout, leases: Leases): StoreShape["workFolder"] => {
  let count = 0
  return (folders = []) =>
    Effect.acquireRelease(
      Effect.flatMap(leases.own, (lease) => {
        const folder = join(layout.work, `${lease}-${++count}`)
        return onDisk("create", folder, () => {
          for (const path of ["", ...folders]) disk.makeFolder(join(folder, path))
          return folder
        })
      }),
      (folder) => Effect.sync(() => removeWork(disk, folder, folders)),
    )
}

/** A work folder is mostly empty at its end, and its empty folders are removed much quicker one by one. */
const removeWork = (disk: Disk, folder: string, folders: ReadonlyArray<string>): void => {
  try {
    for (const path of [...folders].reverse()) removeIfEmpty(disk, join(folder, path))
    disk.removeEmptyFolder(folder)
  } catch {
    discard(disk, folder)
  }
}

const removeIfEmpty = (disk: Disk, folder: string): void => {
  try {
    disk.removeEmptyFolder(folder)
  } catch (cause) {
    if (errorCode(cause) !== "ENOENT") throw cause
  }
}

const checkpointFolder = (disk: Disk, folder: string): Effect.Effect<string, StoreError> =>
  onDisk("create", folder, () => {
    disk.makeFolder(folder)
    return folder
  })

const removeCheckpoint = (disk: Disk, folder: string): Effect.Effect<void, StoreError> =>
  onDisk("remove", folder, () => {
    try {
      removeIfEmpty(disk, folder)
    } catch {
      disk.remove(folder)
    }
  })
