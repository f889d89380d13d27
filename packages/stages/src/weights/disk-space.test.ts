import { mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { freeSpace, isOneDisk, sharesBlocks, spaceShortage } from "./disk-space.ts"
import { makeFolder } from "./fixtures/fetching.ts"

const disks =
  (free: Readonly<Record<string, readonly [disk: number, free: number]>>) =>
  async (folder: string): Promise<{ disk: number; free: number } | undefined> => {
    const found = free[folder]
    return found === undefined ? undefined : { disk: found[0], free: found[1] }
  }

describe("room on the disk", () => {
  it("is added up for each disk, and told where it is too little", async () => {
    const free = disks({ "/a": [1, 5e9], "/b": [1, 5e9], "/c": [2, 1e9] })
    assert.isUndefined(await spaceShortage([{ folder: "/a", bytes: 4e9 }], free))
    const both = [
      { folder: "/a", bytes: 4e9 },
      { folder: "/b", bytes: 2e9 },
    ]
    const shortage = await spaceShortage(both, free)
    assert.strictEqual(shortage?.reason, "permanent")
    assert.strictEqual(shortage?.message, "the weights need 6.0 GB, and the disk has 5.0 GB left")
    assert.isUndefined(await spaceShortage([{ folder: "/c", bytes: 1e9 }, ...both.slice(1)], free))
    assert.isUndefined(await spaceShortage([{ folder: "/unknown", bytes: 1e15 }], free))
  })

  it("is asked of the system, and nothing is left behind", async () => {
    using folder = makeFolder()
    const missing = join(folder.path, "missing", "folder")
    assert.isAbove((await freeSpace(missing))?.free ?? 0, 0)
    assert.isTrue(await isOneDisk(folder.path, missing))
    const other = join(folder.path, "other")
    mkdirSync(other)
    await sharesBlocks(folder.path, other)
    assert.deepStrictEqual([readdirSync(folder.path), readdirSync(other)], [["other"], []])
    assert.isFalse(await sharesBlocks(folder.path, missing))
    assert.deepStrictEqual(readdirSync(folder.path), ["other"])
  })
})
