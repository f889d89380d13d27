import { join, resolve } from "node:path"
import { Context, Effect, Layer, Scope } from "effect"
import { makeClaims } from "./claims.ts"
import { type Collection, makeCollection } from "./collection.ts"
import { type Committed, commitTree } from "./commit.ts"
import { Disk, discard, onDisk } from "./disk.ts"
import { type Found, find, settleRecord } from "./find.ts"
import { Boot, makeFlushes } from "./flushes.ts"
import { checkFormat } from "./format.ts"
import { type Layout, layoutOf } from "./layout.ts"
import { type Leases, makeLeases } from "./lease.ts"
import { type Manifest, manifestDigest } from "./manifest.ts"
import { materialiseArtefact } from "./materialise.ts"
import { type KeyRecord, type KnownTrees, readStored, writeRecord } from "./records.ts"
import { makeSourceDigests } from "./source-digests.ts"
import { statsOf } from "./states.ts"
import type { ArtefactDamaged, ArtefactRefused, StoreError } from "./store-error.ts"
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
  /** A new folder on the store's own disk, which is removed with the scope unless it has become an artefact. */
  readonly workFolder: Effect.Effect<string, StoreError, Scope.Scope>
  /** A path on the store's own disk with nothing there; what is made there is removed with the scope. */
  readonly workPath: Effect.Effect<string, StoreError, Scope.Scope>
  /** Where a task of that key keeps what it has so far; the folder is not made. */
  readonly checkpointPath: (key: string) => string
  readonly removeCheckpoint: (key: string) => Effect.Effect<void, StoreError>
  /** Makes an artefact of a work folder. */
  readonly commit: (
    folder: string,
    form: Manifest["form"],
  ) => Effect.Effect<Committed, StoreError | ArtefactRefused>
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
  /** @param known what is known of its artefacts; of the others it is read */
  readonly writeRecord: (record: KeyRecord, known?: KnownTrees) => Effect.Effect<void, StoreError>
  /** Makes all that this process has written so far survive a power failure. */
  readonly flush: Effect.Effect<void, StoreError>
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
  const claims = yield* makeClaims(disk, layout, leases)
  const { claim } = claims
  const flushes = makeFlushes(disk, layout, yield* Boot)
  const ground = { disk, layout, flushes }
  const artefact = (digest: string) => findArtefact(ground, digest)
  const work = makeWork(disk, layout, leases)
  return Store.of({
    root,
    runs: layout.runs,
    sweep: sweep(disk, layout, leases, claims),
    ...work,
    checkpointPath: layout.checkpoint,
    removeCheckpoint: (key) => removeCheckpoint(disk, layout.checkpoint(key)),
    commit: (folder, form) => commitTree(ground, folder, form),
    find: (key, outputs) => find(ground, key, outputs),
    settle: (key, outputs) => settleRecord(ground, key, outputs),
    artefact,
    verify: (digest) => verifyArtefact(ground, digest),
    record: (key) => readStored(layout, key)?.record,
    writeRecord: (record, known = new Map()) => writeRecord(ground, record, known),
    flush: flushes.flush,
    claim,
    digestSource: (path) => Effect.map(sources.manifestOf(path), manifestDigest),
    saveSources: sources.save,
    materialise: (digest, to) =>
      Effect.flatMap(artefact(digest), (found) =>
        materialiseArtefact(disk, sources, found, resolve(to), claim),
      ),
    collection: makeCollection(disk, layout, leases, claims),
  })
})

const makeWork = (
  disk: Disk,
  layout: Layout,
  leases: Leases,
): Pick<StoreShape, "workFolder" | "workPath"> => {
  let count = 0
  const workPath = Effect.gen(function* () {
    const path = join(layout.work, `${yield* leases.own}-${++count}`)
    const remove = Effect.sync(() => discard(disk, path))
    yield* Scope.addFinalizer(yield* Effect.scope, remove)
    return path
  })
  // Becomes an artefact's content in the place where it is.
  const workFolder = Effect.flatMap(workPath, (path) => {
    const folder = join(path, "content")
    return onDisk("create", folder, () => {
      disk.makeFolder(path)
      disk.makeFolder(folder)
      return folder
    })
  })
  return { workFolder, workPath }
}

const removeCheckpoint = (disk: Disk, folder: string): Effect.Effect<void, StoreError> =>
  onDisk("remove", folder, () => {
    if (statsOf(folder) !== undefined) disk.remove(folder)
  })
