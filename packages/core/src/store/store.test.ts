import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import {
  base,
  commitFiles,
  type Files,
  newRoot,
  removeStores,
  withStore,
  writeFiles,
} from "./fixtures/stores.ts"

afterAll(removeStores)

const filesOf = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,4}(\/[a-z]{1,4})?$/), fc.string()), {
  selector: ([path]) => path.split("/")[0],
  maxLength: 6,
})

describe("trees", () => {
  it("have a digest that depends on content only, not on order or times", () =>
    fc.assert(
      fc.asyncProperty(filesOf, fc.integer({ min: 1, max: 2e9 }), (files, time) =>
        Effect.runPromise(
          withStore((store) =>
            Effect.gen(function* () {
              const one = yield* commitFiles(store, files)
              const other = yield* commitFiles(store, [...files].reverse(), "folder", time)
              assert.strictEqual(one, other)
              const { path } = yield* store.verify(one)
              for (const [file, content] of files)
                assert.strictEqual(readFileSync(join(path, file), "utf8"), content)
              const changed = yield* commitFiles(store, [...files, ["ZZ", ""]])
              assert.notStrictEqual(changed, one)
            }),
          ),
        ),
      ),
      { numRuns: 15 },
    ))

  it.live("keep empty folders, names and executable bits, and are read-only", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const digest = yield* Effect.scoped(
          Effect.gen(function* () {
            const folder = yield* store.workFolder
            mkdirSync(join(folder, "empty"), { recursive: true })
            writeFileSync(join(folder, "run.sh"), "true", { mode: 0o755 })
            return (yield* store.commit(folder, "folder")).digest
          }),
        )
        const { path, manifest } = yield* store.artefact(digest)
        assert.deepStrictEqual(manifest.folders, ["empty"])
        assert.isTrue(manifest.files[0]?.executable)
        assert.isTrue(statSync(join(path, "empty")).isDirectory())
        assert.strictEqual(statSync(join(path, "run.sh")).mode & 0o777, 0o555)
        assert.deepStrictEqual(readdirSync(join(store.root, "work")), [])
      }),
    ),
  )

  it.live("refuse symbolic links, and files where one file must be", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const none = yield* Effect.flip(commitFiles(store, [], "file"))
        assert.include(none.message, "not written")
        const two = yield* Effect.flip(
          commitFiles(
            store,
            [
              ["a", ""],
              ["b", ""],
            ],
            "file",
          ),
        )
        assert.include(two.message, "a, b")
        const link = yield* Effect.scoped(
          Effect.gen(function* () {
            const folder = yield* store.workFolder
            symlinkSync("/etc/passwd", join(folder, "secrets"))
            return yield* Effect.flip(store.commit(folder, "folder"))
          }),
        )
        assert.include(link.message, "secrets is a symbolic link")
      }),
    ),
  )

  it.live("cannot be changed through another name of a file", () =>
    withStore((store) =>
      Effect.scoped(
        Effect.gen(function* () {
          const [folder, work] = [yield* store.workFolder, yield* store.workPath]
          mkdirSync(work)
          writeFileSync(join(work, "mine"), "before")
          linkSync(join(work, "mine"), join(folder, "file"))
          const { digest } = yield* store.commit(folder, "folder")
          writeFileSync(join(work, "mine"), "after!")
          const { path } = yield* store.verify(digest)
          assert.strictEqual(readFileSync(join(path, "file"), "utf8"), "before")
        }),
      ),
    ),
  )

  it.live("that are damaged are found out, and mended by committing again", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const files: Files = [
          ["a", "aaa"],
          ["b", "bbb"],
        ]
        const digest = yield* commitFiles(store, files)
        const { path } = yield* store.artefact(digest)
        chmodSync(join(path, "a"), 0o644)
        writeFileSync(join(path, "a"), "aXa")
        assert.include(
          (yield* Effect.flip(store.artefact(digest))).message,
          "content of its file a was changed",
        )
        assert.include(
          (yield* Effect.flip(store.verify(digest))).message,
          "content of its file a was changed",
        )
        writeFileSync(join(path, "a"), "aaaa")
        assert.include((yield* Effect.flip(store.artefact(digest))).message, "a has 4 bytes, not 3")
        assert.strictEqual(yield* commitFiles(store, files), digest)
        yield* store.verify(digest)
        rmSync(join(path, "b"))
        assert.include((yield* Effect.flip(store.artefact(digest))).message, "b is missing")
        rmSync(join(path, ".."), { recursive: true })
        assert.include((yield* Effect.flip(store.artefact(digest))).message, "no longer there")
      }),
    ),
  )
})

describe("results", () => {
  it.live("are placed, left alone when they are there, and replaced when they differ", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const folder = yield* commitFiles(store, [
          ["x/a.txt", "a"],
          ["b.txt", "b"],
        ])
        const file = yield* commitFiles(store, [["metrics.json", "{}"]], "file")
        const [toFolder, toFile] = [join(store.root, "out", "folder"), join(store.root, "out", "scores.json")]
        assert.isTrue(yield* store.materialise(folder, toFolder))
        assert.isFalse(yield* store.materialise(folder, toFolder))
        assert.isTrue(yield* store.materialise(file, toFile))
        assert.isFalse(yield* store.materialise(file, toFile))
        writeFileSync(join(toFolder, "b.txt"), "changed")
        writeFileSync(join(toFolder, "more.txt"), "more")
        assert.isTrue(yield* store.materialise(folder, toFolder))
        assert.deepStrictEqual(readdirSync(toFolder).sort(), ["b.txt", "x"])
        assert.strictEqual(readFileSync(join(toFolder, "b.txt"), "utf8"), "b")
        assert.isTrue(yield* store.materialise(file, toFolder))
        assert.strictEqual(readFileSync(toFolder, "utf8"), "{}")
        assert.deepStrictEqual(readdirSync(dirname(toFile)).sort(), ["folder", "scores.json"])
      }),
    ),
  )
})

describe("sources", () => {
  it.live("have the digest of their content, which is remembered", () =>
    Effect.gen(function* () {
      const root = newRoot()
      const folder = join(base, "sources")
      writeFiles(folder, [
        ["a.txt", "one"],
        ["sub/b.txt", "two"],
      ])
      const digest = withStore(
        (store) => Effect.tap(store.digestSource(folder), () => store.saveSources),
        root,
      )
      const first = yield* digest
      // Long enough for a change to show in the file's time.
      yield* Effect.sleep(2100)
      assert.strictEqual(yield* digest, first)
      assert.include(readFileSync(join(root, "sources.json"), "utf8"), "a.txt")
      assert.strictEqual(yield* digest, first)
      writeFileSync(join(folder, "a.txt"), "eno")
      assert.notStrictEqual(yield* digest, first)
      symlinkSync(folder, join(folder, "sub", "loop"))
      assert.include((yield* Effect.flip(digest)).message, "leads back")
      const missing = withStore((store) => Effect.flip(store.digestSource(join(base, "nothing"))))
      assert.include((yield* missing).message, "no such file or folder")
    }),
  )
})
