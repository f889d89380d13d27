import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { commitFiles, newRoot, removeStores, withStore } from "./fixtures/stores.ts"
import type { KeyRecord } from "./records.ts"
import { Store, type StoreShape } from "./store.ts"

afterAll(removeStores)

const KEY = "ab".repeat(32)

/** A store with one record of one artefact. */
const withRecord = (use: (store: StoreShape, record: KeyRecord) => Effect.Effect<void, unknown>) =>
  withStore((store) =>
    Effect.gen(function* () {
      const digest = yield* commitFiles(store, [
        ["a.txt", "the first file"],
        ["x/b.txt", "the second"],
      ])
      const record = {
        key: KEY,
        stage: "test/one",
        version: 1,
        fields: { seed: { digest: "d", kind: "value", shown: "1" } },
        environment: {},
        outputs: { out: digest },
      } as const
      yield* store.writeRecord(record)
      assert.deepStrictEqual(store.find(KEY, ["out"]), { record })
      yield* use(store, record)
    }),
  )

const flipBit = (path: string, at: number): void => {
  const { mode } = statSync(path)
  chmodSync(path, 0o644)
  const bytes = readFileSync(path)
  bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 4
  writeFileSync(path, bytes)
  chmodSync(path, mode)
}

/** What `find` says, and `settle` where that leaves a doubt. */
const answer = Effect.fnUntraced(function* (store: StoreShape) {
  const found = store.find(KEY, ["out"])
  return found?.doubtful === true ? yield* store.settle(KEY, ["out"]) : found
})

const harms: ReadonlyArray<readonly [name: string, harm: (tree: string) => void, damage: RegExp]> = [
  [
    "a flipped bit",
    (tree) => flipBit(join(tree, "content/a.txt"), 3),
    /content of its file a.txt was changed/,
  ],
  ["a cut", (tree) => truncateSync(join(tree, "content/a.txt"), 3), /a.txt has 3 bytes, not 14/],
  [
    "a longer file",
    (tree) => appendFileSync(join(tree, "content/x/b.txt"), "!"),
    /b.txt has 11 bytes, not 10/,
  ],
  ["a deletion", (tree) => rmSync(join(tree, "content/x/b.txt")), /b.txt is missing/],
  ["a deleted folder", (tree) => rmSync(join(tree, "content/x"), { recursive: true }), /missing/],
  ["another file", (tree) => writeFileSync(join(tree, "content/x/more"), ""), /holds x\/more, which is not/],
  [
    "a replaced file",
    (tree) => {
      writeFileSync(join(tree, "new"), "the third file")
      renameSync(join(tree, "new"), join(tree, "content/a.txt"))
    },
    /content of its file a.txt was changed/,
  ],
  [
    "a flipped bit in the manifest",
    (tree) => flipBit(join(tree, "manifest.json"), 40),
    /manifest was changed/,
  ],
  ["a cut manifest", (tree) => truncateSync(join(tree, "manifest.json"), 9), /manifest was changed/],
  ["no manifest", (tree) => rmSync(join(tree, "manifest.json")), /no longer there/],
  ["nothing left", (tree) => rmSync(tree, { recursive: true }), /no longer there/],
]

describe("damage", () => {
  for (const [name, harm, damage] of harms) {
    it.live(`is noticed before use, and mended: ${name}`, () =>
      withRecord((store, record) =>
        Effect.gen(function* () {
          const digest = record.outputs.out ?? ""
          harm(join(store.root, "trees", digest.slice(0, 2), digest))
          assert.match((yield* answer(store))?.damage ?? "", damage)
          assert.match((yield* Effect.flip(store.artefact(digest))).message, damage)
          const again = yield* commitFiles(store, [
            ["a.txt", "the first file"],
            ["x/b.txt", "the second"],
          ])
          assert.strictEqual(again, digest)
          assert.deepStrictEqual(yield* answer(store), { record })
          assert.deepStrictEqual(store.find(KEY, ["out"]), { record }, "the new states are remembered")
          yield* store.verify(digest)
        }),
      ),
    )
  }

  it.live("of a record is as good as none, wherever the bit is", () =>
    withRecord((store) =>
      Effect.sync(() => {
        const path = join(store.root, "keys", KEY.slice(0, 2), `${KEY}.json`)
        const { size } = statSync(path)
        for (let at = 0; at < size; at += 7) {
          flipBit(path, at)
          assert.isUndefined(store.find(KEY, ["out"]), `bit in byte ${at}`)
          flipBit(path, at)
        }
        assert.isDefined(store.find(KEY, ["out"]))
        truncateSync(path, size - 1)
        assert.isUndefined(store.find(KEY, ["out"]))
      }),
    ),
  )

  it.live("of the remembered states costs a look into the files, no more", () =>
    withRecord((store, record) =>
      Effect.gen(function* () {
        const digest = record.outputs.out ?? ""
        const states = join(store.root, "trees", digest.slice(0, 2), digest, "states.json")
        for (const text of ["", "{}", "[]", '{"manifest":[],"files":[7],"folders":[null]}']) {
          writeFileSync(states, text)
          yield* store.artefact(digest)
        }
      }),
    ),
  )

  it.live("is no touched time, whatever the clock says: the content tells", () =>
    withRecord((store, record) =>
      Effect.gen(function* () {
        const { path } = yield* store.artefact(record.outputs.out ?? "")
        for (const time of [1, 4e9]) {
          utimesSync(join(path, "a.txt"), time, time)
          assert.deepStrictEqual(store.find(KEY, ["out"]), { record, doubtful: true })
          assert.deepStrictEqual(yield* store.settle(KEY, ["out"]), { record })
          assert.deepStrictEqual(store.find(KEY, ["out"]), { record })
        }
      }),
    ),
  )
})

describe("a store of another format", () => {
  it.live("is refused and not written to", () =>
    Effect.gen(function* () {
      const open = (root: string) => Effect.flip(Effect.provide(Effect.asVoid(Store), Store.layer(root)))
      const root = newRoot()
      yield* withStore((store) => commitFiles(store, [["a", "a"]]), root)
      const mark = join(root, "store.json")
      writeFileSync(mark, '{"format":4}')
      assert.match((yield* open(root)).message, /has format 4, and this program reads 3/)
      assert.strictEqual(readFileSync(mark, "utf8"), '{"format":4}')
      writeFileSync(mark, "{")
      assert.match((yield* open(root)).message, /store.json is damaged/)
      const old = newRoot()
      mkdirSync(join(old, "keys"), { recursive: true })
      assert.match((yield* open(old)).message, /has format 1, and this program reads 3/)
      assert.deepStrictEqual(readdirSync(old), ["keys"])
    }),
  )
})
