import { isUtf8 } from "node:buffer"
import { type BigIntStats, lstatSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { ArtefactRefused, type StoreError, storeError } from "./store-error.ts"

/** A file that was found in a folder. */
export interface FoundFile {
  /** Relative to the folder, with `/`. */
  readonly path: string
  readonly absolute: string
  readonly stats: BigIntStats
}

/** What a folder holds. */
export interface FoundTree {
  readonly files: ReadonlyArray<FoundFile>
  readonly folders: ReadonlyArray<string>
}

/** What stands for bytes that are no UTF-8; a name may also hold it by right. */
const REPLACEMENT = "\ufffd"

/** The names in a folder. One that is not UTF-8 would be another one when it is read back, so it is refused. */
const namesIn = (folder: string, relative: string): ReadonlyArray<string> => {
  const names = readdirSync(folder)
  if (!names.some((name) => name.includes(REPLACEMENT))) return names
  const wrong = readdirSync(folder, { encoding: "buffer" }).find((name) => !isUtf8(name))
  if (wrong === undefined) return names
  const shown = wrong.toString("latin1").replace(/[^ -~]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16)}`)
  const where = relative === "" ? "" : ` in ${relative}`
  throw new ArtefactRefused({ message: `the file name ${shown}${where} is not UTF-8; give it another name` })
}

const scanInto = (
  found: { readonly files: Array<FoundFile>; readonly folders: Array<string> },
  absolute: string,
  relative: string,
  links: "refuse" | "follow",
  above: ReadonlyArray<string>,
): void => {
  for (const name of namesIn(absolute, relative)) {
    const path = relative === "" ? name : `${relative}/${name}`
    const place = join(absolute, name)
    const stats = (links === "follow" ? statSync : lstatSync)(place, { bigint: true })
    const identity = `${stats.dev}:${stats.ino}`
    if (stats.isFile()) found.files.push({ path, absolute: place, stats })
    else if (stats.isDirectory()) {
      if (above.includes(identity))
        throw new ArtefactRefused({ message: `${place} leads back to a folder above it` })
      found.folders.push(path)
      scanInto(found, place, path, links, [...above, identity])
    } else {
      const what = stats.isSymbolicLink() ? "a symbolic link" : "neither a file nor a folder"
      throw new ArtefactRefused({ message: `${path} is ${what}` })
    }
  }
}

/**
 * Lists a folder with all that is below it.
 *
 * @param links whether symbolic links are an error (in outputs) or followed (in the user's own folders)
 */
export const scanTree = (
  root: string,
  links: "refuse" | "follow",
): Effect.Effect<FoundTree, StoreError | ArtefactRefused> =>
  Effect.try({
    try: () => {
      const found: { files: Array<FoundFile>; folders: Array<string> } = { files: [], folders: [] }
      const stats = (links === "follow" ? statSync : lstatSync)(root, { bigint: true })
      // Whoever made it may have put a link in its place, and what it leads to is not ours.
      if (stats.isSymbolicLink()) throw new ArtefactRefused({ message: "its folder is a symbolic link" })
      scanInto(found, root, "", links, [`${stats.dev}:${stats.ino}`])
      return found
    },
    catch: (cause) => (cause instanceof ArtefactRefused ? cause : storeError("read", root)(cause)),
  })

/** Whether somebody may execute the file. */
export const isExecutable = (stats: BigIntStats): boolean => (stats.mode & 0o111n) !== 0n
