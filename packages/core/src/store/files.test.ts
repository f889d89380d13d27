import { execFileSync } from "node:child_process"
import { createHash, hash } from "node:crypto"
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { canonicalJson } from "./canonical-json.ts"
import { Disk, nodeDisk } from "./disk.ts"
import { base, commitFiles, newRoot, removeStores, withStore } from "./fixtures/stores.ts"
import { hashFile, PIECE } from "./hash.ts"
import { makeManifest, manifestDigest } from "./manifest.ts"
import { Store } from "./store.ts"

afterAll(removeStores)
mkdirSync(base, { recursive: true })

/** The digest of a file by its definition, in the plainest way. */
const plainDigest = (bytes: Buffer): string => {
  if (bytes.length <= PIECE) return hash("sha256", bytes)
  const whole = createHash("sha256")
  for (let at = 0; at < bytes.length; at += PIECE) {
    whole.update(
      createHash("sha256")
        .update(bytes.subarray(at, at + PIECE))
        .digest(),
    )
  }
  return whole.digest("hex")
}

describe("the digest of a file", () => {
  const sizes = [0, 1, 1 << 20, (1 << 20) + 1, PIECE, PIECE + 1, 3 * PIECE, (64 << 20) + 12_345]
  for (const size of sizes) {
    it.live(`is the defined one, however it is computed: ${size} bytes`, () =>
      Effect.gen(function* () {
        const path = join(base, `file-${size}`)
        const bytes = Buffer.alloc(size, "some bytes that repeat")
        writeFileSync(path, bytes)
        assert.strictEqual(yield* hashFile(path, size), plainDigest(bytes))
        const longer = yield* Effect.flip(hashFile(path, size + 1))
        assert.include(longer.message, "changed while it was read")
      }),
    )
  }

  it.live("does not keep a process alive, nor let it end too early", () =>
    Effect.sync(() => {
      const path = join(base, "sparse")
      const file = openSync(path, "w")
      writeSync(file, "x")
      ftruncateSync(file, 70 << 20)
      closeSync(file)
      const program = `const { hashFile } = await import(${JSON.stringify(join(import.meta.dirname, "hash.ts"))})
        const { Effect } = await import("effect")
        console.log(await Effect.runPromise(hashFile(${JSON.stringify(path)}, ${70 << 20})))`
      const node = join(import.meta.dirname, "../../../../node_modules/.bin/node")
      const args = ["--no-warnings", "--input-type=module", "-e", program]
      assert.match(
        execFileSync(node, args, { cwd: import.meta.dirname, encoding: "utf8" }),
        /^[0-9a-f]{64}\n$/,
      )
    }),
  )
})

const trees = fc.uniqueArray(
  fc.record({
    path: fc.stringMatching(/^[a-z\n ]{1,4}(\/[A-Zé]{1,4})?$/).filter((path) => path.trim() === path),
    content: fc.uint8Array({ maxLength: 40 }),
    executable: fc.boolean(),
  }),
  { selector: ({ path }) => path.split("/")[0], maxLength: 6 },
)

describe("laws", () => {
  it("a manifest's digest doesn't depend on the order of its parts", () =>
    fc.assert(
      fc.property(trees, (files) => {
        const parts = files.map(({ path, executable }) => ({ path, size: 1, sha256: "", executable }))
        const folders = files.map(({ path }) => path)
        const one = manifestDigest(makeManifest("folder", parts, folders))
        assert.strictEqual(
          manifestDigest(makeManifest("folder", [...parts].reverse(), [...folders].reverse())),
          one,
        )
      }),
    ))

  it("what is committed and placed has the same bytes and modes", () =>
    fc.assert(
      fc.asyncProperty(trees, (files) =>
        Effect.runPromise(
          withStore((store) =>
            Effect.gen(function* () {
              const digest = yield* Effect.scoped(
                Effect.gen(function* () {
                  const folder = yield* store.workFolder
                  for (const { path, content, executable } of files) {
                    mkdirSync(join(folder, path, ".."), { recursive: true })
                    writeFileSync(join(folder, path), content, { mode: executable ? 0o755 : 0o644 })
                  }
                  return (yield* store.commit(folder, "folder")).digest
                }),
              )
              const to = join(store.root, "results")
              yield* store.materialise(digest, to)
              for (const { path, content, executable } of files) {
                assert.deepStrictEqual(new Uint8Array(readFileSync(join(to, path))), content)
                assert.strictEqual((statSync(join(to, path)).mode & 0o111) !== 0, executable)
              }
              assert.isFalse(yield* store.materialise(digest, to))
            }),
          ),
        ),
      ),
      { numRuns: 20 },
    ))

  it("canonical JSON keeps the value, and is one text whatever the order", () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        const back: unknown = JSON.parse(text)
        assert.strictEqual(canonicalJson(back), text)
        assert.deepStrictEqual(back, JSON.parse(JSON.stringify(value)))
        if (value !== null && typeof value === "object" && !Array.isArray(value)) {
          assert.strictEqual(canonicalJson(Object.fromEntries(Object.entries(value).reverse())), text)
        }
      }),
    ))
})

describe("a large result", () => {
  const large = "x".repeat(2 << 20)
  const noClones: Disk = {
    ...nodeDisk,
    copy: (from, to, mode) => {
      if (mode !== 0) throw Object.assign(new Error("no clones"), { code: "ENOTSUP" })
      nodeDisk.copy(from, to, mode)
    },
  }
  const withDisk = <A, E>(disk: Disk, use: (store: Store["Service"]) => Effect.Effect<A, E>) =>
    Effect.flatMap(Store, use).pipe(Effect.provide(Store.layer(newRoot())), Effect.provideService(Disk, disk))

  it.live("is another name of the store's file, and replacing it leaves that alone", () =>
    withDisk(noClones, (store) =>
      Effect.gen(function* () {
        const files = [
          ["big", large],
          ["small", "s"],
        ] as const
        const digest = yield* commitFiles(store, files)
        const to = join(store.root, "results")
        yield* store.materialise(digest, to)
        const { path } = yield* store.artefact(digest)
        assert.strictEqual(statSync(join(to, "big")).ino, statSync(join(path, "big")).ino)
        assert.strictEqual(statSync(join(to, "big")).mode & 0o777, 0o444)
        assert.notStrictEqual(statSync(join(to, "small")).ino, statSync(join(path, "small")).ino)
        assert.isFalse(yield* store.materialise(digest, to))
        const other = yield* commitFiles(store, [["big", `y${large.slice(1)}`]])
        yield* store.materialise(other, to)
        yield* store.verify(digest)
        // Whoever writes into it against its permissions damages the store, and that is noticed.
        yield* store.materialise(digest, to)
        chmodSync(join(to, "big"), 0o644)
        writeFileSync(join(to, "big"), `z${large.slice(1)}`)
        assert.match(
          (yield* Effect.flip(store.artefact(digest))).message,
          /content of its file big was changed/,
        )
        assert.strictEqual(yield* commitFiles(store, files), digest)
        assert.isTrue(yield* store.materialise(digest, to))
        assert.strictEqual(readFileSync(join(to, "big"), "utf8"), large)
      }),
    ),
  )

  it.live("is copied where links are not possible either", () => {
    const link = (): never => {
      throw Object.assign(new Error("two devices"), { code: "EXDEV" })
    }
    return withDisk({ ...noClones, link }, (store) =>
      Effect.gen(function* () {
        const to = join(store.root, "result")
        yield* store.materialise(yield* commitFiles(store, [["big", large]], "file"), to)
        assert.strictEqual(statSync(to).nlink, 1)
        assert.strictEqual(statSync(to).mode & 0o777, 0o644)
      }),
    )
  })
})

describe("outputs and sources", () => {
  it.live("have names in UTF-8", () =>
    withStore((store) =>
      Effect.scoped(
        Effect.gen(function* () {
          const folder = yield* store.workFolder
          writeFileSync(join(folder, "\ufffd is a sign like others\nwith a new line"), "")
          writeFileSync(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9])]), "")
          const source = yield* Effect.flip(store.digestSource(folder))
          assert.include(source.message, "the file name caf\\xe9 is not UTF-8")
          const output = yield* Effect.flip(store.commit(folder, "folder"))
          assert.include(output.message, "the file name caf\\xe9 is not UTF-8")
        }),
      ),
    ),
  )

  it.live("may be links to a read-only file, which stays as it was and is watched", () =>
    withStore((store) =>
      Effect.scoped(
        Effect.gen(function* () {
          const [folder, work] = [yield* store.workFolder, yield* store.workPath]
          mkdirSync(work)
          writeFileSync(join(work, "mine"), "before", { mode: 0o444 })
          const { mtimeMs } = statSync(join(work, "mine"))
          linkSync(join(work, "mine"), join(folder, "file"))
          const { digest } = yield* store.commit(folder, "folder")
          assert.strictEqual(statSync(join(work, "mine")).mtimeMs, mtimeMs)
          chmodSync(join(work, "mine"), 0o644)
          writeFileSync(join(work, "mine"), "after!")
          assert.match((yield* Effect.flip(store.artefact(digest))).message, /was changed/)
        }),
      ),
    ),
  )
})
