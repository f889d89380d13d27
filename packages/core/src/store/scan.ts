import { createHash } from "node:crypto"
import {
  type BigIntStats,
  closeSync,
  fsync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
} from "node:fs"
import { open } from "node:fs/promises"
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

const scanInto = (
  found: { readonly files: Array<FoundFile>; readonly folders: Array<string> },
  absolute: string,
  relative: string,
  links: "refuse" | "follow",
  above: ReadonlyArray<string>,
): void => {
  for (const name of readdirSync(absolute)) {
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
      const stats = statSync(root, { bigint: true })
      scanInto(found, root, "", links, [`${stats.dev}:${stats.ino}`])
      return found
    },
    catch: (cause) => (cause instanceof ArtefactRefused ? cause : storeError("read", root)(cause)),
  })

/** Bytes read at a time. */
const CHUNK = 1 << 20

const hashInPieces = async (path: string, signal: AbortSignal): Promise<string> => {
  const file = await open(path, "r")
  try {
    const hash = createHash("sha256")
    const buffer = Buffer.allocUnsafe(CHUNK)
    for (;;) {
      signal.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, CHUNK)
      if (bytesRead === 0) return hash.digest("hex")
      hash.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

/**
 * SHA-256 of a file's bytes, in hexadecimal. A small file is read at once, which is many times quicker than in steps that
 * others may come between; a large one is read piece by piece.
 */
export const hashFile = (path: string, size: number): Effect.Effect<string, StoreError> =>
  size <= CHUNK
    ? Effect.try({
        try: () => createHash("sha256").update(readFileSync(path)).digest("hex"),
        catch: storeError("read", path),
      })
    : Effect.tryPromise({ try: (signal) => hashInPieces(path, signal), catch: storeError("read", path) })

/** Makes a file's bytes survive a power failure. */
export const flushFile = (path: string): Effect.Effect<void, StoreError> =>
  Effect.callback<void, unknown>((resume) => {
    const file = openSync(path, "r")
    fsync(file, (error) => {
      closeSync(file)
      resume(error === null ? Effect.void : Effect.fail(error))
    })
  }).pipe(
    Effect.catchDefect((cause) => Effect.fail(cause)),
    Effect.mapError(storeError("flush", path)),
  )

/** Whether somebody may execute the file. */
export const isExecutable = (stats: BigIntStats): boolean => (stats.mode & 0o111n) !== 0n
