import { execFile } from "node:child_process"
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
  /** Copies a file as `COPYFILE_FICLONE` and the like say. */
  readonly copy: (from: string, to: string, mode: number) => void
  readonly chmod: (path: string, mode: number) => void
  /** Sets a file's times, in seconds. */
  readonly setTime: (path: string, time: number) => void
  readonly unlink: (path: string) => void
  readonly removeEmptyFolder: (path: string) => void
  /** Removes a file or folder with all that is in it; nothing there is fine. */
  readonly remove: (path: string) => void
  /** Makes a file's bytes survive a power failure. */
  readonly flush: (path: string) => Promise<void>
  /** Makes everything survive a power failure that has been written to the disk of that folder. */
  readonly flushAll: (folder: string) => Promise<void>
}

// Not with Node's `recursive`, which says of a folder on a read-only disk that it doesn't exist.
const makeFolder = (path: string): void => {
  try {
    mkdirSync(path)
  } catch (cause) {
    if (errorCode(cause) === "EEXIST") return
    if (errorCode(cause) !== "ENOENT" || dirname(path) === path) throw cause
    makeFolder(dirname(path))
    makeFolder(path)
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

// Node has no call for it. Elsewhere than on Linux the command knows only all disks.
const flushAll = (folder: string): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile("sync", process.platform === "linux" ? ["-f", folder] : [], (error) => {
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
  copy: copyFileSync,
  chmod: chmodSync,
  setTime: (path, time) => utimesSync(path, time, time),
  unlink: unlinkSync,
  removeEmptyFolder: (path) => rmdirSync(path),
  remove: (path) => rmSync(path, { recursive: true, force: true }),
  flush,
  flushAll,
}

/** The disk on which stores are. */
export const Disk = Context.Reference<Disk>("@diva-pipeline/core/store/Disk", {
  defaultValue: () => nodeDisk,
})

const own = randomBytes(8).toString("hex")
let count = 0
/** A name that is given once, by this process and by all others. */
export const uniqueName = (): string => `${own}${(++count).toString(16)}`

/** Plain disk work as an effect: whatever it throws becomes one clear error. */
export const onDisk = <A>(doing: string, path: string, work: () => A): Effect.Effect<A, StoreError> =>
  Effect.try({ try: work, catch: storeError(doing, path) })

/** Removes without complaint what is of no use, should it still be there. */
export const discard = (disk: Disk, path: string): void => {
  try {
    disk.remove(path)
  } catch {
    // A later sweep will find it.
  }
}

/** Writes a file that others see whole or not at all. What a power failure leaves of it is for its reader to check. */
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

/** As {@link writeAtomically}, and after a power failure the file is there whole or not at all. */
export const writeDurably = Effect.fnUntraced(function* (
  disk: Disk,
  path: string,
  text: string,
): Effect.fn.Return<void, StoreError> {
  const partial = `${path}.${uniqueName()}.partial`
  const write = Effect.gen(function* () {
    yield* onDisk("write", path, () => writePartial(disk, partial, text))
    yield* flushFile(disk, partial)
    yield* onDisk("write", path, () => disk.rename(partial, path))
  })
  yield* Effect.onError(write, () => Effect.sync(() => discard(disk, partial)))
})

/** Waits until a file's bytes are on the device. */
export const flushFile = (disk: Disk, path: string): Effect.Effect<void, StoreError> =>
  Effect.tryPromise({ try: () => disk.flush(path), catch: storeError("flush", path) })
