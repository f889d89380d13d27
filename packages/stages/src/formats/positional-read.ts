import type { FileHandle } from "node:fs/promises"
import { CheckpointError } from "./checkpoint-error.ts"

const PIECE = 1 << 30

/**
 * Exactly that many bytes from a place of a file, at offset 0 of a buffer of their own. The caller has compared the
 * length with the file's size: it is allocated at once.
 */
export const readBytes = async (
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> => {
  // Its old contents are never seen: every byte is read, or there is an error.
  const bytes = Buffer.allocUnsafeSlow(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(PIECE, length - done), position + done)
    if (bytesRead === 0) throw new CheckpointError("the file ended while it was read")
    done += bytesRead
  }
  return bytes
}
