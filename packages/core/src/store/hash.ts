import { createHash, hash } from "node:crypto"
import { closeSync, openSync, readFileSync } from "node:fs"
import { open } from "node:fs/promises"
import { Effect } from "effect"
import { hashPieces } from "./hash-threads.ts"
import { type StoreError, storeError } from "./store-error.ts"

/** The length of the pieces of which large files are hashed. Part of the definition of a digest: see ManifestFile. */
export const PIECE = 8 << 20
/** A file as short as this is read at once, which is many times quicker than in steps that others may come between. */
const SMALL = 1 << 20
/** A file at least as long as this is worth the start of threads. */
const LARGE = 64 << 20

const changed = (): Error => new Error("it was changed while it was read")

/** The digest of a short file. Throws what the system says. */
const hashSmall = (path: string, size: number): string => {
  const bytes = readFileSync(path)
  if (bytes.length !== size) throw changed()
  return hash("sha256", bytes)
}

/** The digest of a file piece by piece, giving way between two reads. */
const hashInTurns = async (path: string, size: number, signal: AbortSignal): Promise<string> => {
  const file = await open(path, "r")
  try {
    const buffer = Buffer.allocUnsafe(SMALL)
    const whole = createHash("sha256")
    for (let start = 0; start < size; start += PIECE) {
      const end = Math.min(start + PIECE, size)
      const piece = size <= PIECE ? whole : createHash("sha256")
      for (let at = start; at < end; ) {
        signal.throwIfAborted()
        const { bytesRead } = await file.read(buffer, 0, Math.min(SMALL, end - at), at)
        if (bytesRead === 0) throw changed()
        piece.update(buffer.subarray(0, bytesRead))
        at += bytesRead
      }
      if (piece !== whole) whole.update(piece.digest())
    }
    return whole.digest("hex")
  } finally {
    await file.close()
  }
}

const hashOnThreads = async (path: string, size: number, signal: AbortSignal): Promise<string> => {
  const file = openSync(path, "r")
  try {
    const digests = await hashPieces(file, size, PIECE, signal)
    return hash("sha256", digests)
  } finally {
    closeSync(file)
  }
}

/**
 * The digest of a file's bytes, as ManifestFile defines it.
 *
 * @param size how long the file is; another length is an error
 */
export const hashFile = (path: string, size: number): Effect.Effect<string, StoreError> =>
  size <= SMALL
    ? Effect.try({ try: () => hashSmall(path, size), catch: storeError("read", path) })
    : Effect.tryPromise({
        try: (signal) => (size < LARGE ? hashInTurns : hashOnThreads)(path, size, signal),
        catch: storeError("read", path),
      })
