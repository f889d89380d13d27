import { readFileSync } from "node:fs"
import type { Effect } from "effect"
import { onDisk, writeAtomically } from "./disk.ts"
import type { Ground } from "./ground.ts"
import type { Layout } from "./layout.ts"
import { statsOf, type Tree } from "./states.ts"
import type { StoreError } from "./store-error.ts"
import { parseSummed, summedText } from "./summed-json.ts"
import { readTree } from "./trees.ts"

/** One leaf of a task's input, as far as it is needed to explain later what has changed. */
export interface RecordedField {
  /** Of the value's canonical JSON, or of the artefact's content. */
  readonly digest: string
  readonly kind: "value" | "output" | "source"
  /** A short value's JSON text, an output's `task.output`, a source's path; absent for a long value. */
  readonly shown?: string
}

/** What a task of some key gave. Written last: what it names is complete. */
export interface KeyRecord {
  readonly key: string
  readonly stage: string
  readonly version: number
  /** The leaves of the input by their place: `learning-rate`, `before[0]`. */
  readonly fields: Readonly<Record<string, RecordedField>>
  readonly environment: Readonly<Record<string, string>>
  /** Digests of the outputs. */
  readonly outputs: Readonly<Record<string, string>>
  /** The run that computed it, and when it had: milliseconds since 1970. */
  readonly run?: string
  readonly time?: number
}

/** A record as it is stored: with the small ones of its artefacts, so that one read tells all. */
export interface StoredRecord {
  readonly record: KeyRecord
  readonly trees: Readonly<Record<string, Tree>>
}

/** Artefacts of more files and folders than this are not part of records. */
const SMALL = 16

/** The record of a key with its artefacts, where there is a sound one: a damaged one is as good as none. */
export const readStored = (layout: Layout, key: string): StoredRecord | undefined => {
  // Most keys that are asked for in vain were never there, and an error costs far more than a look.
  if (statsOf(layout.record(key)) === undefined) return undefined
  try {
    const stored: StoredRecord = parseSummed(readFileSync(layout.record(key), "utf8"))
    return stored.record.key === key ? stored : undefined
  } catch {
    return undefined
  }
}

/** Artefacts by their digests, as far as whoever writes a record knows them already. */
export type KnownTrees = ReadonlyMap<string, Tree>

const smallTrees = (layout: Layout, record: KeyRecord, known: KnownTrees): StoredRecord["trees"] => {
  const trees: Record<string, Tree> = {}
  for (const digest of Object.values(record.outputs)) {
    try {
      const tree = known.get(digest) ?? readTree(layout, digest)
      if (tree.manifest.files.length + tree.manifest.folders.length <= SMALL) trees[digest] = tree
    } catch {
      // Whoever looks will notice.
    }
  }
  return trees
}

const storedText = (layout: Layout, record: KeyRecord, known: KnownTrees): string => {
  const stored: StoredRecord = { record, trees: smallTrees(layout, record, known) }
  return summedText(stored)
}

/**
 * Writes a record, after the artefacts that it names are in their places. It has a sum by which its reader tells whether a
 * power failure has left half of it.
 */
export const writeRecord = (
  { disk, layout }: Ground,
  record: KeyRecord,
  known: KnownTrees,
): Effect.Effect<void, StoreError> =>
  onDisk("write", layout.record(record.key), () =>
    writeAtomically(disk, layout.record(record.key), storedText(layout, record, known)),
  )

/** Takes the states of its artefacts into a record again, after they were looked into. */
export const renewStates = ({ disk, layout }: Ground, record: KeyRecord): void => {
  try {
    writeAtomically(disk, layout.record(record.key), storedText(layout, record, new Map()))
  } catch {
    // The store cannot be written to: the next look costs as much as this one did.
  }
}
