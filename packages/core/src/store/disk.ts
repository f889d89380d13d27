import { randomBytes } from "node:crypto"
import {
  appendFileSync,
  chmodSync,
  closeSync,
  copyFileSync,
  fsync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { dirname } from "node:path"
import { Context, Effect } from "effect"
import { errorCode, type StoreError, storeError } from "./store-error.ts"

/**
 * Every way in which the store changes a disk. Plain calls that throw: for small files they are several times quicker
 * than going through a thread and back. Only flushing, which waits for the device, does that. Tests put a disk in its
 * place that is full, read-only or dies.
 */
export interface Disk {
  /** Makes a folder, and those above it, unless they exist. */
  readonly makeFolder: (path: string) => void
  /** Makes a new file; one that exists is an error. */
  readonly write: (path: string, text: string, mode?: number) => void
  readonly append: (path: string, text: string) => void
  readonly rename: (from: string, to: string) => void
  /** Makes another name of a file; one that exists is an error. */
  readonly link: (from: string, to: string) => void
  /** Makes a symbolic link; what exists at its place is an error. */
  readonly symlink: (target: string, path: string) => void
  /** Copies a file as `COPYFILE_FICLONE` and the like say. */
  readonly copy: (from: string, to: string, mode: number) => void
  readonly chmod: (path: string, mode: number) => void
  /** Sets a file's times, in seconds. */
  readonly setTime: (path: string, time: number) => void
  readonly unlink: (path: string) => void
  readonly removeEmptyFolder: (path: string) => void
  /** Removes a file or folder with all that is in it; nothing there is fine. */
  readonly remove: (path: string) => void
  /** Makes a file's bytes, or what a folder lists, survive a power failure. */
  readonly flush: (path: string) => Promise<void>
}

const makeFolder = (path: string): void => {
  try {
    mkdirSync(path)
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") mkdirSync(path, { recursive: true })
    else if (errorCode(cause) !== "EEXIST") throw cause
  }
}

const flush = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const file = openSync(path, "r")
    fsync(file, (error) => {
      closeSync(file)
      if (error === null) resolve()
      else reject(error)
    })
  })

/** The disk as the system gives it. */
export const nodeDisk: Disk = {
  makeFolder,
  write: (path, text, mode = 0o666) => writeFileSync(path, text, { flag: "wx", mode }),
  append: (path, text) => appendFileSync(path, text),
  rename: renameSync,
  link: linkSync,
  symlink: (target, path) => symlinkSync(target, path),
  copy: copyFileSync,
  chmod: chmodSync,
  setTime: (path, time) => utimesSync(path, time, time),
  unlink: unlinkSync,
  removeEmptyFolder: (path) => rmdirSync(path),
  remove: (path) => rmSync(path, { recursive: true, force: true }),
  flush,
}

/** The disk on which stores are. */
export const Disk = Context.Reference<Disk>("@diva-pipeline/core/store/Disk", {
  defaultValue: () => nodeDisk,
})

/** A name that no other process chooses. */
export const uniqueName = (): string => randomBytes(8).toString("hex")

/** Plain disk work as an effect: whatever it throws becomes one clear error. */
export const onDisk = <A>(doing: string, path: string, work: () => A): Effect.Effect<A, StoreError> =>
  Effect.try({ try: work, catch: storeError(doing, path) })

/** Flushes files and folders, several at a time: the device takes them together. */
export const flushAll = (disk: Disk, paths: ReadonlyArray<string>): Effect.Effect<void, StoreError> =>
  Effect.tryPromise({
    try: async () => {
      let next = 0
      const flushNext = async (): Promise<void> => {
        for (let path = paths[next++]; path !== undefined; path = paths[next++]) await disk.flush(path)
      }
      await Promise.all(Array.from({ length: Math.min(PARALLEL_FLUSHES, paths.length) }, flushNext))
    },
    catch: storeError("flush", paths[0] ?? ""),
  })

/** As many as Node has threads for it. */
const PARALLEL_FLUSHES = 4

/** Removes without complaint what is of no use, should it still be there. */
export const discard = (disk: Disk, path: string): void => {
  try {
    disk.remove(path)
  } catch {
    // A later sweep will find it.
  }
}

/** Writes a file that others see whole or not at all. A power failure may take it, but leaves no half. */
export const writeAtomically = (disk: Disk, path: string, text: string): void => {
  const partial = `${path}.${uniqueName()}.partial`
  try {
    writePartial(disk, partial, text)
    disk.rename(partial, path)
  } catch (cause) {
    discard(disk, partial)
    throw cause
  }
}

const writePartial = (disk: Disk, partial: string, text: string): void => {
  try {
    disk.write(partial, text)
  } catch (cause) {
    if (errorCode(cause) !== "ENOENT") throw cause
    disk.makeFolder(dirname(partial))
    disk.write(partial, text)
  }
}

/**
 * As {@link writeAtomically}, and never half a file after a power failure: it is there whole or not at all, and surely so
 * a few seconds later, when the file system has written down its name.
 *
 * @param before folders that must be safe before the file has its name
 */
export const writeDurably = Effect.fnUntraced(function* (
  disk: Disk,
  path: string,
  text: string,
  before: ReadonlyArray<string> = [],
): Effect.fn.Return<void, StoreError> {
  const partial = `${path}.${uniqueName()}.partial`
  const write = Effect.gen(function* () {
    yield* onDisk("write", path, () => writePartial(disk, partial, text))
    yield* flushAll(disk, [partial, ...before])
    yield* onDisk("write", path, () => disk.rename(partial, path))
  })
  yield* Effect.onError(write, () => Effect.sync(() => discard(disk, partial)))
})
