import { readdirSync, utimesSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { Disk, nodeDisk } from "./disk.ts"
import { base, commitFiles, newRoot, removeStores, withStore, writeFiles } from "./fixtures/stores.ts"
import { Store, type StoreShape } from "./store.ts"

afterAll(removeStores)

describe("work and claims", () => {
  it.live("of dead processes are cleared away, of living ones kept", () =>
    Effect.gen(function* () {
      const root = newRoot()
      const dead = JSON.stringify({ machine: "", pid: 1, started: "0" })
      writeFiles(root, [
        ["leases/dead.json", dead],
        ["work/dead-1/content/x", ""],
        ["work/gone-1/x", ""],
      ])
      utimesSync(join(root, "leases/dead.json"), 1, 1)
      yield* withStore(
        (living) =>
          Effect.scoped(
            Effect.gen(function* () {
              yield* living.workFolder
              yield* withStore((store) => store.sweep, root)
              assert.strictEqual(readdirSync(join(root, "work")).length, 1)
              assert.strictEqual(readdirSync(join(root, "leases")).length, 1)
            }),
          ),
        root,
      )
      assert.deepStrictEqual(readdirSync(join(root, "leases")), [])
    }),
  )

  it.live("one at a time holds a name, whoever dies", () =>
    Effect.gen(function* () {
      const root = newRoot()
      writeFiles(root, [
        ["claims/name/aaaaaaaaaaaaaaaa", ""],
        ["claims/name.aaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbb", ""],
      ])
      let [inside, most, waits] = [0, 0, 0]
      const work = (store: StoreShape) =>
        Effect.scoped(
          Effect.gen(function* () {
            yield* store.claim("name", () => {
              waits += 1
            })
            inside += 1
            most = Math.max(most, inside)
            yield* Effect.sleep(150)
            inside -= 1
          }),
        )
      yield* Effect.all(
        [1, 2, 3, 4].map(() => withStore(work, root)),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(most, 1)
      assert.strictEqual(waits, 3)
      const holder = yield* Effect.forkChild(
        withStore(
          (store) =>
            Effect.scoped(
              Effect.andThen(
                store.claim("name", () => undefined),
                Effect.never,
              ),
            ),
          root,
        ),
      )
      yield* Effect.sleep(50)
      yield* Fiber.interrupt(holder)
      yield* withStore(work, root)
    }),
  )
})

describe("a full disk", () => {
  const full = (): never => {
    throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" })
  }
  const fullDisk: Disk = { ...nodeDisk, makeFolder: full, write: full }

  it.live("is one clear error", () =>
    Effect.gen(function* () {
      const store = yield* Store
      const error = yield* Effect.flip(
        store.writeRecord({ key: "aa", stage: "s", version: 1, fields: {}, environment: {}, outputs: {} }),
      )
      assert.strictEqual(error.code, "ENOSPC")
      assert.include(error.message, "no space left on the disk")
      assert.include(error.hint, "free some space")
    }).pipe(Effect.provide(Layer.provide(Store.layer(newRoot()), Layer.succeed(Disk, fullDisk)))),
  )
})

describe("a store that cannot be written to", () => {
  const refuse = (): never => {
    throw Object.assign(new Error("EROFS"), { code: "EROFS" })
  }
  const readOnly = (root: string): Disk => {
    const guard =
      <A extends ReadonlyArray<unknown>>(work: (...args: A) => void) =>
      (...args: A): void =>
        args.some((path) => String(path).startsWith(root)) ? refuse() : work(...args)
    return {
      ...nodeDisk,
      makeFolder: guard(nodeDisk.makeFolder),
      write: guard(nodeDisk.write),
      append: guard(nodeDisk.append),
      rename: guard(nodeDisk.rename),
      link: guard(nodeDisk.link),
    }
  }

  it.live("gives what it has, and says so before anything is computed", () =>
    Effect.gen(function* () {
      const root = newRoot()
      const key = "cd".repeat(32)
      const digest = yield* withStore(
        (store) =>
          Effect.gen(function* () {
            const made = yield* commitFiles(store, [["a.txt", "a"]], "file")
            const outputs = { out: made }
            yield* store.writeRecord({ key, stage: "s", version: 1, fields: {}, environment: {}, outputs })
            return made
          }),
        root,
      )
      const use = Effect.gen(function* () {
        const store = yield* Store
        const found = store.find(key, ["out"])
        assert.isDefined(found)
        assert.isUndefined(found?.damage)
        const { path } = yield* store.artefact(digest)
        // Touched: it is read again, and that is not remembered.
        utimesSync(path, 1, 1)
        assert.isUndefined((yield* store.settle(key, ["out"]))?.damage)
        assert.isTrue(yield* store.materialise(digest, join(base, "a result")))
        const error = yield* Effect.flip(Effect.scoped(store.claim(key, () => undefined)))
        assert.include(error.message, "the file system is read-only")
      })
      yield* use.pipe(Effect.provide(Store.layer(root)), Effect.provideService(Disk, readOnly(root)))
    }),
  )
})

describe("a lease of another machine", () => {
  it.live("counts while it may be alive, and not when its last sign is long past", () =>
    Effect.gen(function* () {
      const root = newRoot()
      const other = JSON.stringify({ machine: "other", pid: 1, started: "0" })
      writeFiles(root, [
        ["leases/new.json", other],
        ["leases/future.json", other],
        ["leases/old.json", other],
        ["work/new-1/x", ""],
        ["work/future-1/x", ""],
        ["work/old-1/x", ""],
      ])
      const now = Date.now() / 1000
      utimesSync(join(root, "leases/new.json"), now - 300, now - 300)
      utimesSync(join(root, "leases/future.json"), now + 9e6, now + 9e6)
      utimesSync(join(root, "leases/old.json"), now - 700, now - 700)
      yield* withStore((store) => store.sweep, root)
      assert.deepStrictEqual(readdirSync(join(root, "work")).sort(), ["future-1", "new-1"])
    }),
  )
})
