import { chmodSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { commitFiles, newRoot, removeStores, withStore } from "./fixtures/stores.ts"
import { Boot } from "./flushes.ts"
import type { StoreShape } from "./store.ts"

afterAll(removeStores)

const key = "ef".repeat(32)

/** Makes a result, and then puts zeros in the place of its bytes as a power failure may: nothing else tells of it. */
const makeAndLose = (store: StoreShape) =>
  Effect.gen(function* () {
    const made = yield* commitFiles(store, [["a.txt", "content"]], "file")
    yield* store.writeRecord({
      key,
      stage: "s",
      version: 1,
      fields: {},
      environment: {},
      outputs: { out: made },
    })
    const { path } = yield* store.artefact(made)
    return { made, path }
  })

const zero = (path: string): void => {
  const { mtimeMs, mode } = statSync(path)
  chmodSync(path, 0o644)
  writeFileSync(path, Buffer.alloc(readFileSync(path).length))
  utimesSync(path, mtimeMs / 1000, mtimeMs / 1000)
  chmodSync(path, mode)
}

const inLife = <A, E>(boot: string, root: string, use: (store: StoreShape) => Effect.Effect<A, E>) =>
  Effect.provideService(withStore(use, root), Boot, boot)

describe("what a power failure may have undone", () => {
  it.effect("is looked into once, when the system has started anew before it was flushed", () =>
    Effect.gen(function* () {
      const root = newRoot()
      const { path } = yield* inLife("first", root, makeAndLose)
      yield* inLife("second", root, (store) =>
        Effect.gen(function* () {
          assert.isTrue(store.find(key, ["out"])?.doubtful)
          const settled = yield* store.settle(key, ["out"])
          assert.isUndefined(settled?.damage)
          assert.isUndefined(store.find(key, ["out"])?.doubtful)
        }),
      )
      zero(path)
      yield* inLife("third", root, (store) =>
        Effect.gen(function* () {
          const settled = yield* store.settle(key, ["out"])
          assert.include(settled?.damage, "the content of its file a.txt was changed")
        }),
      )
    }),
  )

  it.live("is nothing of what was flushed, nor in the same life", () =>
    Effect.gen(function* () {
      const root = newRoot()
      const { path, made } = yield* inLife("first", root, makeAndLose)
      zero(path)
      yield* inLife("first", root, (store) =>
        Effect.gen(function* () {
          assert.isUndefined(store.find(key, ["out"])?.doubtful)
          yield* store.flush
        }),
      )
      yield* inLife("second", root, (store) =>
        Effect.gen(function* () {
          assert.isUndefined(store.find(key, ["out"])?.doubtful)
          assert.include((yield* Effect.flip(store.verify(made))).message, "was changed")
          const later = yield* commitFiles(store, [["b.txt", "later"]], "file")
          yield* store.writeRecord({
            key: "aa".repeat(32),
            stage: "s",
            version: 1,
            fields: {},
            environment: {},
            outputs: { out: later },
          })
        }),
      )
      yield* inLife("first", root, (store) =>
        Effect.sync(() => assert.isTrue(store.find("aa".repeat(32), ["out"])?.doubtful)),
      )
    }),
  )
})
