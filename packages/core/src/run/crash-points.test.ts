import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Disk, nodeDisk } from "../store/index.ts"
import { makeFolder, removeFolder } from "./fixtures/engine.ts"
import { verifiedRun } from "./fixtures/verified-run.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

/** A disk to which nothing gets after a number of changes, as when the process is killed there. */
const dyingDisk = (changes: number, onChange: () => void): Disk => {
  let left = changes
  const change = (): void => {
    onChange()
    left -= 1
    if (left < 0) throw new Error("power is off")
  }
  const dying =
    <A extends ReadonlyArray<unknown>, B>(work: (...args: A) => B) =>
    (...args: A): B => {
      change()
      return work(...args)
    }
  return {
    makeFolder: dying(nodeDisk.makeFolder),
    write: dying(nodeDisk.write),
    append: dying(nodeDisk.append),
    rename: dying(nodeDisk.rename),
    link: dying(nodeDisk.link),
    copy: dying(nodeDisk.copy),
    chmod: dying(nodeDisk.chmod),
    setTime: dying(nodeDisk.setTime),
    unlink: dying(nodeDisk.unlink),
    removeEmptyFolder: dying(nodeDisk.removeEmptyFolder),
    remove: dying(nodeDisk.remove),
    flush: dying(nodeDisk.flush),
    flushAll: dying(nodeDisk.flushAll),
  }
}

describe("the store", () => {
  it.live("is sound after a death at any change of the disk", () =>
    Effect.gen(function* () {
      let changes = 0
      const count = () => {
        changes += 1
      }
      const whole = join(base, "whole")
      mkdirSync(whole)
      const expected = yield* verifiedRun(whole, dyingDisk(Number.POSITIVE_INFINITY, count))
      assert.isAbove(changes, 30)
      for (let at = 0; at <= changes; at += 3) {
        const folder = join(base, `${at}`)
        mkdirSync(folder)
        // However it ends: what matters is what it leaves.
        yield* Effect.exit(
          verifiedRun(
            folder,
            dyingDisk(at, () => undefined),
          ),
        )
        // The lease of a process that lives would be respected; this one is dead.
        rmSync(join(folder, "store", "leases"), { recursive: true, force: true })
        const summary = yield* verifiedRun(folder, nodeDisk)
        assert.strictEqual(summary.status, "succeeded", `death at change ${at}`)
        assert.deepStrictEqual(
          summary.tasks.map(({ outputs }) => outputs),
          expected.tasks.map(({ outputs }) => outputs),
        )
        assert.deepStrictEqual(readdirSync(join(folder, "store", "work")), [])
        assert.deepStrictEqual(readdirSync(join(folder, "results")), ["a"])
        assert.strictEqual(
          readFileSync(join(folder, "results", "a", "1.txt"), "utf8"),
          readFileSync(join(whole, "results", "a", "1.txt"), "utf8"),
        )
        rmSync(folder, { recursive: true })
      }
    }),
  )
})
