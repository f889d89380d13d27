import { readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { Context, Effect, FileSystem, Layer, type Scope } from "effect"
import { claimName } from "./claims.ts"
import { makeFolder, remove } from "./durable.ts"
import { type Layout, layoutOf } from "./layout.ts"
import { type Leases, makeLeases } from "./lease.ts"
import { type Manifest, manifestDigest } from "./manifest.ts"
import { materialiseArtefact } from "./materialise.ts"
import { type KeyRecord, readLastKey, readRecord, writeLastKey, writeRecord } from "./records.ts"
import { makeSourceDigests, type SourceDigests } from "./source-digests.ts"
import type { ArtefactDamaged, ArtefactRefused, StoreError } from "./store-error.ts"
import { type Artefact, commitTree, findArtefact, verifyArtefact } from "./trees.ts"

/** What a store does. */
export interface StoreShape {
  /** Absolute. */
  readonly root: string
  /** Where runs leave their journals. */
  readonly runs: string
  /** Clears away what dead processes have left. */
  readonly sweep: Effect.Effect<void, StoreError>
  /** A new empty folder on the store's own disk, removed with the scope. */
  readonly workFolder: Effect.Effect<string, StoreError, Scope.Scope>
  /** The folder in which a task of that key keeps what it has so far; made when missing. */
  readonly checkpointFolder: (key: string) => Effect.Effect<string, StoreError>
  readonly removeCheckpoint: (key: string) => Effect.Effect<void, StoreError>
  /** Makes an artefact of a folder within a work folder; gives its digest. */
  readonly commit: (
    folder: string,
    form: Manifest["form"],
  ) => Effect.Effect<string, StoreError | ArtefactRefused>
  /** An artefact, if its files are there with their sizes: quick, done at every use. */
  readonly artefact: (digest: string) => Effect.Effect<Artefact, ArtefactDamaged>
  /** An artefact, if every byte of it is right. */
  readonly verify: (digest: string) => Effect.Effect<Artefact, ArtefactDamaged | StoreError>
  readonly record: (key: string) => Effect.Effect<KeyRecord | undefined>
  readonly writeRecord: (record: KeyRecord) => Effect.Effect<void, StoreError>
  readonly lastKey: (pipeline: string, task: string) => Effect.Effect<string | undefined>
  readonly writeLastKey: (pipeline: string, task: string, key: string) => Effect.Effect<void, StoreError>
  /** Holds a name against all processes that use this store, until the scope ends. */
  readonly claim: (name: string, onWait: () => void) => Effect.Effect<void, StoreError, Scope.Scope>
  /** The digest of a file or folder outside the store. */
  readonly digestSource: (path: string) => Effect.Effect<string, StoreError | ArtefactRefused>
  /** Keeps what was learnt about sources for later processes. */
  readonly saveSources: Effect.Effect<void, StoreError>
  /** Places a copy of an artefact, replacing what is there; false when it was there already. */
  readonly materialise: (digest: string, to: string) => Effect.Effect<boolean, StoreError | ArtefactDamaged>
}

/** The artefacts of a project, named by their content, and what is known of how they came about. */
export class Store extends Context.Service<Store, StoreShape>()("@diva-pipeline/core/store/Store") {
  /** The store in the given folder, which is made when something is first written. */
  static layer(folder: string): Layer.Layer<Store, never, FileSystem.FileSystem> {
    return Layer.effect(Store, makeStore(resolve(folder)))
  }
}

const makeStore = Effect.fnUntraced(function* (root: string) {
  const fs = yield* FileSystem.FileSystem
  const layout = layoutOf(root)
  const leases = yield* makeLeases(fs, layout)
  const sources = makeSourceDigests(fs, layout)
  const claim = (name: string, onWait: () => void) => claimName(fs, layout, leases, name, onWait)
  return Store.of({
    root,
    runs: layout.runs,
    sweep: sweep(fs, layout, leases),
    workFolder: makeWorkFolders(fs, layout, leases),
    checkpointFolder: (key) => Effect.as(makeFolder(fs, layout.checkpoint(key)), layout.checkpoint(key)),
    removeCheckpoint: (key) => remove(fs, layout.checkpoint(key)),
    commit: (folder, form) => commitTree(fs, layout, folder, form),
    artefact: (digest) => findArtefact(layout, digest),
    verify: (digest) => verifyArtefact(layout, digest),
    record: (key) => readRecord(layout, key),
    writeRecord: (record) => writeRecord(fs, layout, record),
    lastKey: (pipeline, task) => readLastKey(layout, pipeline, task),
    writeLastKey: (pipeline, task, key) => writeLastKey(fs, layout, pipeline, task, key),
    claim,
    digestSource: (path) => Effect.map(sources.manifestOf(path), manifestDigest),
    saveSources: sources.save,
    materialise: materialise(fs, layout, sources, claim),
  })
})

const makeWorkFolders = (
  fs: FileSystem.FileSystem,
  layout: Layout,
  leases: Leases,
): StoreShape["workFolder"] => {
  let count = 0
  return Effect.acquireRelease(
    Effect.gen(function* () {
      const folder = join(layout.work, `${yield* leases.own}-${++count}`)
      yield* makeFolder(fs, folder)
      return folder
    }),
    (folder) => Effect.ignore(remove(fs, folder)),
  )
}

const namesIn = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const sweep = (fs: FileSystem.FileSystem, layout: Layout, leases: Leases): StoreShape["sweep"] =>
  Effect.gen(function* () {
    const stale = namesIn(layout.work).filter((name) => !leases.isAlive(name.split("-")[0] ?? name))
    yield* Effect.forEach(stale, (name) => remove(fs, join(layout.work, name)), { discard: true })
    // Last, for a lease is what tells that the rest is stale.
    yield* Effect.forEach(leases.dead(), (lease) => remove(fs, leases.fileOf(lease)), { discard: true })
  })

const materialise = (
  fs: FileSystem.FileSystem,
  layout: Layout,
  sources: SourceDigests,
  claim: StoreShape["claim"],
): StoreShape["materialise"] =>
  Effect.fnUntraced(function* (digest, to) {
    const artefact = yield* findArtefact(layout, digest)
    return yield* materialiseArtefact(fs, sources, artefact, resolve(to), claim)
  })
