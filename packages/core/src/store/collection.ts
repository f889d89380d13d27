import { statSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import type { Claims } from "./claims.ts"
import { type Disk, discard, onDisk, uniqueName, writeAtomically } from "./disk.ts"
import { type Garbage, type Needs, selectGarbage, selectRecords } from "./garbage.ts"
import {
  type Inventory,
  type ListedFolder,
  type ListedTree,
  listFolders,
  takeInventory,
} from "./inventory.ts"
import type { Layout } from "./layout.ts"
import type { Leases } from "./lease.ts"
import type { StoreError } from "./store-error.ts"
import { COLLECTION, staleWork } from "./sweep.ts"

/** What is in a store, and how it is cleared of what nobody needs. Safe beside runs that use the store. */
export interface Collection {
  readonly inventory: Effect.Effect<Inventory, StoreError>
  /** What would go. */
  readonly garbage: (needs: Effect.Effect<Needs, StoreError>) => Effect.Effect<Garbage, StoreError>
  /** Removes it; gives what went. The needs are asked for twice: before, and when no process can find it any more. */
  readonly collect: (needs: Effect.Effect<Needs, StoreError>) => Effect.Effect<Garbage, StoreError>
  /** What would go with the records of these keys. */
  readonly recordsOf: (keys: ReadonlySet<string>) => Effect.Effect<Garbage, StoreError>
  readonly removeRecords: (
    keys: ReadonlySet<string>,
    needs: Effect.Effect<Needs, StoreError>,
  ) => Effect.Effect<Garbage, StoreError>
  /** Moves a damaged artefact out of the way, so that it is made anew. */
  readonly setAside: (digest: string) => Effect.Effect<void, StoreError>
  /** Keeps an artefact whatever happens; the label says what it is. */
  readonly pin: (digest: string, label: string) => Effect.Effect<void, StoreError>
  /** False when there was no such pin. */
  readonly unpin: (digest: string) => Effect.Effect<boolean, StoreError>
}

/** So long a process may take between finding a record and telling its journal. */
const GRACE = "2 seconds"

const workFolders = (layout: Layout, leases: Leases): ReadonlyArray<ListedFolder> => {
  const stale = new Set(staleWork(layout, leases))
  return listFolders(layout.work).filter(({ path }) => stale.has(path))
}

/** Whether an artefact is as it was when it was listed: who commits the same content again sets its time. */
const isUntouched = (layout: Layout, { digest, written }: ListedTree): boolean =>
  statSync(layout.tree(digest), { throwIfNoEntry: false })?.mtimeMs === written

/** The collection of the store with that layout. */
export const makeCollection = (disk: Disk, layout: Layout, leases: Leases, claims: Claims): Collection => {
  const inventory = onDisk("read", layout.root, () => takeInventory(layout))

  const garbage: Collection["garbage"] = (needs) =>
    Effect.gen(function* () {
      const needed = yield* needs
      return selectGarbage(
        yield* inventory,
        needed,
        workFolders(layout, leases),
        claims.isClaimed,
        Date.now(),
      )
    })

  const removeTree = (tree: ListedTree, own: string): void => {
    if (!isUntouched(layout, tree)) return
    const aside = join(layout.work, `${own}-${uniqueName()}`)
    disk.makeFolder(layout.work)
    disk.rename(layout.tree(tree.digest), aside)
    discard(disk, aside)
  }

  /**
   * Records go first: from then on nobody finds what goes. Who has found it before has told its journal after a while,
   * and keeps it by that. A process that starts meanwhile waits until the end.
   */
  const remove = Effect.fnUntraced(function* (
    select: Effect.Effect<Garbage, StoreError>,
    needs: Effect.Effect<Needs, StoreError>,
  ) {
    yield* claims.claim(COLLECTION, () => undefined)
    const own = yield* leases.own
    const found = yield* select
    yield* onDisk("remove", layout.keys, () => {
      for (const { record } of found.records) disk.remove(layout.record(record.key))
    })
    const isAlone = leases.all().every((lease) => lease === own || !leases.isAlive(lease))
    if (!isAlone) yield* Effect.sleep(GRACE)
    const { digests } = yield* needs
    const { records, pins } = yield* inventory
    const named = new Set(records.flatMap(({ record }) => Object.values(record.outputs)))
    const trees = found.trees.filter(
      ({ digest }) => !named.has(digest) && !digests.has(digest) && !pins.has(digest),
    )
    yield* onDisk("remove", layout.trees, () => {
      for (const tree of trees) removeTree(tree, own)
      for (const { path } of found.folders) disk.remove(path)
    })
    return { ...found, trees }
  }, Effect.scoped)

  const recordsOf: Collection["recordsOf"] = (keys) =>
    Effect.map(inventory, (all) => selectRecords(all, keys))

  return {
    inventory,
    garbage,
    collect: (needs) => remove(garbage(needs), needs),
    recordsOf,
    removeRecords: (keys, needs) => remove(recordsOf(keys), needs),
    setAside: (digest) => setAside(disk, layout, digest),
    pin: (digest, label) =>
      onDisk("write", layout.pins, () => writeAtomically(disk, join(layout.pins, digest), `${label}\n`)),
    unpin: (digest) => unpin(disk, join(layout.pins, digest)),
  }
}

const setAside = (disk: Disk, layout: Layout, digest: string): Effect.Effect<void, StoreError> =>
  onDisk("set aside", layout.tree(digest), () => {
    disk.makeFolder(layout.damaged)
    disk.rename(layout.tree(digest), join(layout.damaged, `${digest}-${uniqueName()}`))
  })

const unpin = (disk: Disk, path: string): Effect.Effect<boolean, StoreError> =>
  onDisk("remove", path, () => {
    const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined
    if (isThere) disk.unlink(path)
    return isThere
  })
