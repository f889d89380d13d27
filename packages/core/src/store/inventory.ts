import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Layout } from "./layout.ts"
import { parseManifest } from "./manifest.ts"
import { type KeyRecord, readStored } from "./records.ts"
import { namesIn } from "./sweep.ts"

/** A record in the store. */
export interface ListedRecord {
  readonly record: KeyRecord
  /** Milliseconds since 1970. */
  readonly written: number
}

/** An artefact in the store. */
export interface ListedTree {
  readonly digest: string
  /** Bytes, as its manifest says. */
  readonly size: number
  readonly files: number
  /** When it was made or last made again; milliseconds since 1970. */
  readonly written: number
}

/** A folder that is of use to nobody, or to an unfinished task. */
export interface ListedFolder {
  readonly path: string
  readonly name: string
  readonly size: number
  readonly written: number
}

/** All that a store holds but for the histories of runs. */
export interface Inventory {
  readonly records: ReadonlyArray<ListedRecord>
  readonly trees: ReadonlyArray<ListedTree>
  /** What unfinished tasks have saved, by their keys. */
  readonly checkpoints: ReadonlyArray<ListedFolder>
  /** Artefacts that were found damaged. */
  readonly damaged: ReadonlyArray<ListedFolder>
  /** Digests of artefacts that are kept, with what the user called them. */
  readonly pins: ReadonlyMap<string, string>
}

const timeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

const listRecords = (layout: Layout): ReadonlyArray<ListedRecord> =>
  namesIn(layout.keys).flatMap((part) =>
    namesIn(join(layout.keys, part)).flatMap((name): ReadonlyArray<ListedRecord> => {
      if (!name.endsWith(".json")) return []
      const key = name.slice(0, -".json".length)
      const stored = readStored(layout, key)
      return stored === undefined ? [] : [{ record: stored.record, written: timeOf(layout.record(key)) }]
    }),
  )

const listTree = (layout: Layout, digest: string): ListedTree => {
  const folder = layout.tree(digest)
  const tree = { digest, written: timeOf(folder) }
  try {
    const manifest = parseManifest(readFileSync(join(folder, "manifest.json"), "utf8"), digest)
    const files = manifest?.files ?? []
    return { ...tree, files: files.length, size: files.reduce((sum, file) => sum + file.size, 0) }
  } catch {
    return { ...tree, files: 0, size: 0 }
  }
}

const listTrees = (layout: Layout): ReadonlyArray<ListedTree> =>
  namesIn(layout.trees).flatMap((part) =>
    namesIn(join(layout.trees, part)).map((digest) => listTree(layout, digest)),
  )

const sizeOfFolder = (folder: string): number => {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
  } catch {
    return 0
  }
}

/** The folders in a folder. */
export const listFolders = (parent: string): ReadonlyArray<ListedFolder> =>
  namesIn(parent).map((name) => {
    const path = join(parent, name)
    return { path, name, size: sizeOfFolder(path), written: timeOf(path) }
  })

/** Pins are files named by the digest of what they keep. */
export const listPins = (layout: Layout): ReadonlyMap<string, string> =>
  new Map(
    namesIn(layout.pins).flatMap((digest): ReadonlyArray<readonly [string, string]> => {
      try {
        return [[digest, readFileSync(join(layout.pins, digest), "utf8").trim()]]
      } catch {
        return []
      }
    }),
  )

/** Looks at all that is in a store. */
export const takeInventory = (layout: Layout): Inventory => ({
  records: listRecords(layout),
  trees: listTrees(layout),
  checkpoints: listFolders(layout.checkpoints),
  damaged: listFolders(layout.damaged),
  pins: listPins(layout),
})
