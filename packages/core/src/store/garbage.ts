import type { Inventory, ListedFolder, ListedRecord, ListedTree } from "./inventory.ts"
import type { KeyRecord } from "./records.ts"

/** What must stay, beside what pins name. */
export interface Needs {
  readonly keys: ReadonlySet<string>
  readonly digests: ReadonlySet<string>
  /** Records and checkpoints that were written after this moment stay as well; milliseconds since 1970. */
  readonly after: number
}

/** What nobody needs. */
export interface Garbage {
  readonly records: ReadonlyArray<ListedRecord>
  readonly trees: ReadonlyArray<ListedTree>
  /** Checkpoints of tasks that are done or given up, artefacts that were set aside, work of dead processes. */
  readonly folders: ReadonlyArray<ListedFolder>
}

/** An artefact without a record may be one whose task is about to end. */
const YOUNG = 86_400_000

const outputsOf = (record: KeyRecord): ReadonlyArray<string> => Object.values(record.outputs)

/** Artefacts that only those records name which go. */
const treesWithout = (
  { trees, records, pins }: Inventory,
  gone: ReadonlySet<string>,
  needed: ReadonlySet<string>,
  now: number,
): ReadonlyArray<ListedTree> => {
  const named = new Set(records.flatMap(({ record }) => outputsOf(record)))
  const stay = new Set(records.flatMap(({ record }) => (gone.has(record.key) ? [] : outputsOf(record))))
  return trees.filter(({ digest, written }) => {
    if (stay.has(digest) || needed.has(digest) || pins.has(digest)) return false
    return named.has(digest) || now - written > YOUNG
  })
}

/** All that nobody needs. Pins keep the records of what they name as well, so that it is found again. */
export const selectGarbage = (
  inventory: Inventory,
  needs: Needs,
  work: ReadonlyArray<ListedFolder>,
  isClaimed: (key: string) => boolean,
  now: number,
): Garbage => {
  const records = inventory.records.filter(
    ({ record, written }) =>
      !needs.keys.has(record.key) &&
      written <= needs.after &&
      !outputsOf(record).some((digest) => inventory.pins.has(digest) || needs.digests.has(digest)),
  )
  const gone = new Set(records.map(({ record }) => record.key))
  const done = new Set(inventory.records.map(({ record }) => record.key))
  const checkpoints = inventory.checkpoints.filter(
    ({ name, written }) => (done.has(name) || written <= needs.after) && !isClaimed(name),
  )
  return {
    records,
    trees: treesWithout(inventory, gone, needs.digests, now),
    folders: [...checkpoints, ...inventory.damaged, ...work],
  }
}

/** The records of these keys, and the artefacts that no other record names. Pins keep what they name all the same. */
export const selectRecords = (inventory: Inventory, keys: ReadonlySet<string>): Garbage => {
  const records = inventory.records.filter(({ record }) => keys.has(record.key))
  const ours = new Set(records.flatMap(({ record }) => outputsOf(record)))
  const trees = treesWithout(inventory, keys, new Set(), 0).filter(({ digest }) => ours.has(digest))
  return { records, trees, folders: inventory.checkpoints.filter(({ name }) => keys.has(name)) }
}
