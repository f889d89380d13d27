import type { FileHandle } from "node:fs/promises"
import { CheckpointError } from "./checkpoint-error.ts"
import type { CheckpointFile } from "./checkpoint-file.ts"
import { readBytes } from "./positional-read.ts"
import { openFile } from "./read-small-file.ts"
import { openSafetensors } from "./safetensors.ts"
import { openSharded } from "./sharded-checkpoint.ts"
import { openTorchLegacy } from "./torch-legacy.ts"
import { openTorchZip } from "./torch-zip.ts"

/**
 * Opens a checkpoint: safetensors, torch's zip or legacy format, TorchScript, or the index of a sharded one. What it is
 * decides the content, whatever the file is called. Nothing in it is executed.
 *
 * @throws CheckpointError naming the file and what is wrong with it
 */
export const openCheckpoint = async (file: string): Promise<CheckpointFile> => {
  const kind = await naming(file, () => recognise(file))
  switch (kind) {
    case "safetensors":
      return await openSafetensors(file)
    case "index":
      return await naming(file, () => openSharded(file, openShard))
    case "zip":
      return await openHandle(file, openTorchZip)
    case "pickle":
      return await openHandle(file, openTorchLegacy)
  }
}

const openShard = async (file: string): Promise<CheckpointFile> => {
  if ((await recognise(file)) === "index") throw new CheckpointError("a shard is an index itself")
  return await openCheckpoint(file)
}

type Kind = "safetensors" | "index" | "zip" | "pickle"

const recognise = async (file: string): Promise<Kind> => {
  const { handle, size } = await openFile(file)
  await using _ = handle
  const head = Buffer.from((await readBytes(handle, 0, Math.min(size, 16))).buffer)
  if (head.length === 0) throw new CheckpointError("it is empty")
  // The length of the header comes first, and may look like anything; no zip archive or pickle goes on like this.
  if (head[6] === 0 && head[7] === 0 && head[8] === 0x7b) return "safetensors"
  if (head.toString("latin1", 0, 4) === "PK\u0003\u0004") return "zip"
  if (head[0] === 0x80 && (head[1] ?? 0) <= 5) return "pickle"
  if (head.toString("latin1").trimStart().startsWith("{")) return "index"
  throw new CheckpointError(
    "it is neither safetensors, nor a torch checkpoint, nor the index of a sharded one",
  )
}

const openHandle = (
  file: string,
  read: (handle: FileHandle, size: number) => Promise<CheckpointFile>,
): Promise<CheckpointFile> =>
  naming(file, async () => {
    const { handle, size } = await openFile(file)
    try {
      return await read(handle, size)
    } catch (error) {
      await handle.close()
      throw error
    }
  })

/** Errors of the file's content begin with its name. */
const naming = async <A>(file: string, read: () => Promise<A>): Promise<A> => {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof CheckpointError) || error.message.startsWith(NAMED)) throw error
    throw new CheckpointError(`${NAMED} ${file} cannot be read: ${error.message}`)
  }
}

const NAMED = "the checkpoint"
