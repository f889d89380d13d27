import { constants } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { basename } from "node:path"
import { CheckpointError } from "./checkpoint-error.ts"
import { parseJson } from "./json-text.ts"
import { readBytes } from "./positional-read.ts"

/**
 * Opens a file to read. What is no file of its own is refused: a pipe or a device would never end.
 *
 * @throws CheckpointError; what the file system says when there is none
 */
export const openFile = async (
  file: string,
): Promise<{ readonly handle: FileHandle; readonly size: number }> => {
  // Otherwise opening a pipe would wait for its other end.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  const stat = await handle.stat()
  if (stat.isFile()) return { handle, size: stat.size }
  await handle.close()
  throw new CheckpointError("it is no file, but a folder, a pipe or a device")
}

const MEBIBYTE = 1 << 20

/**
 * A whole text file beside a model's weights.
 *
 * @param limit in MiB
 * @throws CheckpointError when it is longer, or no file; what the file system says when there is none
 */
export const readSmallText = async (file: string, limit: number): Promise<string> => {
  const { handle, size } = await openFile(file)
  await using _ = handle
  if (size > limit * MEBIBYTE)
    throw new CheckpointError(`${basename(file)} is longer than the ${limit} MiB that it may have`)
  return new TextDecoder().decode(await readBytes(handle, 0, size))
}

/** A whole JSON file beside a model's weights. @see readSmallText */
export const readJsonFile = async (file: string, limit = 16): Promise<unknown> =>
  parseJson(await readSmallText(file, limit), basename(file))
