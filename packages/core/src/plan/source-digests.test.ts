import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import { afterAll, expect, test } from "vitest"
import { SourcePath } from "../pipeline/index.ts"
import { engine, makeFolder, removeFolder } from "../run/fixtures/engine.ts"
import { digestSource } from "./key.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

const location = { file: "test.yaml", line: 1, column: 1 }

/** Files by their paths; a folder ends in `/`. */
type Tree = Readonly<Record<string, { readonly text: string; readonly runs: boolean }>>

const tree: fc.Arbitrary<Tree> = fc.dictionary(
  fc.constantFrom("a", "b", "c/a", "c/b", "c/d/a", "e/", "c/e/", "a\nb", "ä"),
  fc.record({ text: fc.constantFrom("", "x", "y"), runs: fc.boolean() }),
  { maxKeys: 4, noNullPrototype: true },
)

const writeTree = (folder: string, files: Tree): void => {
  for (const [path, { text, runs }] of Object.entries(files)) {
    const place = join(folder, path)
    mkdirSync(path.endsWith("/") ? place : join(place, ".."), { recursive: true })
    if (path.endsWith("/")) continue
    writeFileSync(place, text)
    chmodSync(place, runs ? 0o755 : 0o600)
  }
}

/** All that a tree is: the folders that its files are in as well. */
const entriesOf = (files: Tree): string => {
  const entries = new Set<string>()
  for (const [path, { text, runs }] of Object.entries(files)) {
    const folders = path.split("/").slice(0, -1)
    for (const [at] of folders.entries()) entries.add(`${folders.slice(0, at + 1).join("/")}/`)
    if (!path.endsWith("/")) entries.add(JSON.stringify([path, text, runs]))
  }
  return [...entries].sort().join("|")
}

test("sources have the same digest exactly when their files, names and folders are the same", async () => {
  let count = 0
  const digestOf = (files: Tree): Promise<string> => {
    const folder = join(base, `tree-${++count}`)
    mkdirSync(folder)
    writeTree(folder, files)
    const digest = Effect.provide(digestSource(new SourcePath(folder, location)), engine(join(base, "trees")))
    return Effect.runPromise(digest).finally(() => rmSync(folder, { recursive: true }))
  }
  await fc.assert(
    fc.asyncProperty(tree, tree, async (one, other) => {
      const [first, again, second] = [await digestOf(one), await digestOf(one), await digestOf(other)]
      expect(again).toBe(first)
      expect(second === first).toBe(entriesOf(one) === entriesOf(other))
    }),
    { numRuns: 60 },
  )
})
