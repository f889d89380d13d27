import { randomBytes } from "node:crypto"
import { constants, copyFile, rm, stat, statfs, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { permanent, type StageFailure } from "@diva-pipeline/core"

/** What is going to be written into a folder. */
export interface SpaceNeed {
  readonly folder: string
  readonly bytes: number
}

/**
 * Whether there is room for all of it, before the first byte is fetched. Folders of one disk add up.
 *
 * @returns what is missing, in words; undefined when there is room, or where the system doesn't say
 */
export const spaceShortage = async (
  needs: ReadonlyArray<SpaceNeed>,
  freeOf: typeof freeSpace = freeSpace,
): Promise<StageFailure | undefined> => {
  const disks = new Map<number, { folder: string; free: number; bytes: number }>()
  for (const { folder, bytes } of needs) {
    const found = await freeOf(folder)
    if (found === undefined) continue
    const disk = disks.get(found.disk) ?? { folder, free: found.free, bytes: 0 }
    disks.set(found.disk, { ...disk, bytes: disk.bytes + bytes })
  }
  for (const { folder, free, bytes } of disks.values())
    if (bytes > free)
      return permanent(`the weights need ${gigabytes(bytes)}, and the disk has ${gigabytes(free)} left`, {
        file: folder,
        hint: "free some space and run again: what has come is kept",
      })
  return undefined
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1)} GB`

/** Bytes that may be written into a folder, and a number that is the same for all folders of its disk. */
export const freeSpace = async (
  folder: string,
): Promise<{ readonly disk: number; readonly free: number } | undefined> => {
  const there = await nearest(folder)
  if (there === undefined) return undefined
  const found = await statfs(there.folder).catch(() => undefined)
  return found === undefined ? undefined : { disk: there.disk, free: found.bavail * found.bsize }
}

/** The folder, or the one of those around it that is there. */
const nearest = async (folder: string): Promise<{ folder: string; disk: number } | undefined> => {
  const found = await stat(folder).catch(() => undefined)
  if (found !== undefined) return { folder, disk: found.dev }
  return dirname(folder) === folder ? undefined : nearest(dirname(folder))
}

/** Whether two folders are on one disk, where files move at no cost. */
export const isOneDisk = async (one: string, other: string): Promise<boolean> => {
  const disks = [await freeSpace(one), await freeSpace(other)]
  return disks[0] !== undefined && disks[0].disk === disks[1]?.disk
}

/** Whether copies between two folders share their blocks, and so take no room. */
export const sharesBlocks = async (from: string, to: string): Promise<boolean> => {
  const name = `.${randomBytes(6).toString("hex")}`
  const [probe, copy] = [join(from, name), join(to, name)]
  try {
    await writeFile(probe, name)
    await copyFile(probe, copy, constants.COPYFILE_FICLONE_FORCE)
    return true
  } catch {
    return false
  } finally {
    await rm(probe, { force: true }).catch(() => {})
    await rm(copy, { force: true }).catch(() => {})
  }
}
