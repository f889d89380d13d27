import { spawnSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { afterEach } from "vitest"

/** A small disk of a test's own. */
export interface SmallDisk {
  readonly folder: string
  /** Mounts it anew, with other options: `ro`. */
  readonly remount: (options: string) => void
}

const mount = (...args: ReadonlyArray<string>): boolean => spawnSync("mount", args).status === 0

/**
 * Mounts small disks, and unmounts them after each test. To be used before what removes the folders that they are in:
 * hooks run in the reverse of their order.
 *
 * @returns mounts one in a folder; undefined where mounting is not allowed, for it is root's alone
 */
export const useSmallDisks = (): ((parent: string, options: string) => SmallDisk | undefined) => {
  const mounted: Array<string> = []
  afterEach(() => {
    for (const folder of mounted.splice(0)) spawnSync("umount", [folder])
  })
  return (parent, options) => {
    const folder = join(parent, "disk")
    mkdirSync(folder)
    if (!mount("-t", "tmpfs", "-o", options, "none", folder)) return undefined
    mounted.push(folder)
    return { folder, remount: (other) => void mount("-o", `remount,${other}`, folder) }
  }
}

/** Why a test that needs a small disk was left out. */
export const NO_DISK = "mounting a small disk needs root"
