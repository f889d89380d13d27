import { readFileSync } from "node:fs"
import { dirname } from "node:path"
import { Effect } from "effect"
import { type Disk, writeAtomically, writeDurably } from "./disk.ts"
import type { Layout } from "./layout.ts"
import type { Tree } from "./states.ts"
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
  try {
    const stored: StoredRecord = parseSummed(readFileSync(layout.record(key), "utf8"))
    return stored.record.key === key ? stored : undefined
  } catch {
    return undefined
  }
}

const smallTrees = (layout: Layout, record: KeyRecord): StoredRecord["trees"] => {
  const trees: Record<string, Tree> = {}
  for (const digest of Object.values(record.outputs)) {
    try {
      const tree = readTree(layout, digest)
      if (tree.manifest.files.length + tree.manifest.folders.length <= SMALL) trees[digest] = tree
    } catch {
      // Whoever looks will notice.
    }
  }
  return trees
}

const storedText = (layout: Layout, record: KeyRecord): string => {
  const stored: StoredRecord = { record, trees: smallTrees(layout, record) }
  return summedText(stored)
}

/**
 * Writes a record, after the artefacts that it names are safe. A power cut may take the last few seconds' records away,
 * but it leaves none without its artefacts: names come to the disk in the order in which they were given.
 */
export const writeRecord = (disk: Disk, layout: Layout, record: KeyRecord): Effect.Effect<void, StoreError> =>
  Effect.suspend(() => {
    const text = storedText(layout, record)
    const folders = new Set(Object.values(record.outputs).map((digest) => dirname(layout.tree(digest))))
    return writeDurably(disk, layout.record(record.key), text, [...folders])
  })

/** Takes the states of its artefacts into a record again, after they were looked into. */
export const renewStates = (disk: Disk, layout: Layout, record: KeyRecord): void => {
  try {
    writeAtomically(disk, layout.record(record.key), storedText(layout, record))
  } catch {
    // The store cannot be written to: the next look costs as much as this one did.
  }
}
