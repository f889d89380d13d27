import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { NodeFileSystem } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HostPool } from "../stage/index.ts"
import { Disk, nodeDisk, Store } from "../store/index.ts"
import { hostCommand, makeFolder, removeFolder } from "./fixtures/engine.ts"
import { output, pipeline, task } from "./fixtures/pipelines.ts"
import { grow } from "./fixtures/stages.ts"
import { runPipeline } from "./run-pipeline.ts"

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

const work = pipeline([task("a", grow, { seed: 1, files: 2 }), task("b", grow, { seed: 2, files: 1 })], {
  a: output("a", "folder"),
})

const run = (folder: string, disk: Disk) => {
  const layers = Layer.mergeAll(
    Store.layer(join(folder, "store")),
    HostPool.layer({ ...hostCommand, slots: 1 }),
  ).pipe(Layer.provideMerge(NodeFileSystem.layer), Layer.provide(Layer.succeed(Disk, disk)))
  const verified = Effect.gen(function* () {
    const summary = yield* runPipeline(work, { resultsFolder: join(folder, "results") })
    const store = yield* Store
    for (const { outputs } of summary.tasks) {
      for (const digest of Object.values(outputs)) yield* store.verify(digest)
    }
    return summary
  })
  return Effect.provide(verified, layers)
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
      const expected = yield* run(whole, dyingDisk(Number.POSITIVE_INFINITY, count))
      assert.isAbove(changes, 30)
      for (let at = 0; at <= changes; at += 3) {
        const folder = join(base, `${at}`)
        mkdirSync(folder)
        // However it ends: what matters is what it leaves.
        yield* Effect.exit(
          run(
            folder,
            dyingDisk(at, () => undefined),
          ),
        )
        // The lease of a process that lives would be respected; this one is dead.
        rmSync(join(folder, "store", "leases"), { recursive: true, force: true })
        const summary = yield* run(folder, nodeDisk)
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
