import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Diagnostics, type DocumentNode, mergeDocuments, parseYaml, Source } from "../document/index.ts"
import { messagesOf, mistakesOf, pipelineOf } from "./fixture.ts"
import { toJson } from "./value.ts"

const MAIN = `version: 1
imports: [common.yaml]
params: { seed: { type: integer, default: 1, minimum: 0 } }
stages:
  scenes:
    uses: dataset/scenes
    with: { count: 5, seed: "\${{ params.seed }}", sizes: [1, 2] }
    timeout: 1h
profiles:
  small: { stages: { scenes: { with: { count: 1 }, timeout: null } } }
  seven: { params: { seed: { default: 7 } }, stages: { fetch: { with: { name: seven } } } }
`
const files = {
  "common.yaml": "stages: { fetch: { uses: weights/fetch, with: { name: clip } } }\n",
  "mine.yaml":
    "stages: { scenes: { with: { sizes: [3], count: 2 } }, extra: { uses: weights/fetch, with: { name: x } } }\n",
  "wrong.yaml": "stages:\n  scenes:\n    with:\n      count: many\n      colour: red\n",
}

describe("profiles and overlays", () => {
  test("change what they name, files over profiles, and nothing else", async () => {
    const given = { profiles: ["small", "seven"], overlays: ["mine.yaml"] }
    const { tasks } = await pipelineOf(MAIN, files, given)
    expect(tasks.map(({ id, input, timeout }) => [id, input, timeout])).toEqual([
      ["fetch", { name: "seven" }, undefined],
      ["scenes", { count: 2, seed: 7, sizes: [3] }, undefined],
      ["extra", { name: "x" }, undefined],
    ])
    const plain = await pipelineOf(MAIN, files)
    expect(plain.tasks.map(({ id, input }) => [id, input])).toEqual([
      ["fetch", { name: "clip" }],
      ["scenes", { count: 5, seed: 1, sizes: [1, 2] }],
    ])
    expect(plain.tasks[1]?.timeout).toBe(3600)
  })

  test("may come from a file that is laid over", async () => {
    const more = {
      ...files,
      "more.yaml": "profiles: { big: { stages: { scenes: { with: { count: 9 } } } } }\n",
    }
    const { tasks } = await pipelineOf(MAIN, more, { profiles: ["big"], overlays: ["more.yaml"] })
    expect(tasks[1]?.input.count).toBe(9)
  })

  test("have their mistakes told where they stand", async () => {
    expect(await messagesOf(MAIN, files, { overlays: ["wrong.yaml"] })).toEqual([
      'wrong.yaml:4:14 input `count` of `dataset/scenes` must be a whole number, not the text "many"',
      "wrong.yaml:5:7 unknown input `colour` of `dataset/scenes`",
    ])
    expect(await messagesOf(MAIN, files, { overlays: ["none.yaml"] })).toEqual([
      "none.yaml:1:1 `none.yaml` doesn't exist",
    ])
    expect(await messagesOf(MAIN, { ...files, "list.yaml": "[a]" }, { overlays: ["list.yaml"] })).toEqual([
      "list.yaml:1:1 what is laid over a document is a map of those of its keys that are to be changed",
    ])
    expect(await mistakesOf(MAIN, files, { profiles: ["smal"] })).toMatchObject([
      { file: "--profile", message: "there is no profile `smal`", hint: "did you mean `small`?" },
    ])
  })

  test("are checked even where they aren't used", async () => {
    const text = MAIN.replace("count: 1 }, timeout", "count: 1 }, timeuot")
    expect(await messagesOf(text, files)).toEqual(["10:52 unknown key `timeuot`"])
  })
})

/** Documents in which what a name holds is always of one kind, as in documents of one language. */
const { map: json } = fc.letrec((tie) => ({
  map: fc
    .tuple(
      fc.dictionary(fc.constantFrom("a", "b"), fc.oneof({ maxDepth: 3 }, fc.constant({}), tie("map")), {
        noNullPrototype: true,
      }),
      fc.dictionary(
        fc.constantFrom("x", "y"),
        fc.oneof(fc.integer(), fc.array(fc.integer(), { maxLength: 2 })),
        {
          noNullPrototype: true,
        },
      ),
    )
    .map(([maps, leaves]) => ({ ...maps, ...leaves })),
}))

const nodeOf = (value: unknown): DocumentNode => {
  const node = parseYaml(new Source("test", "", JSON.stringify(value)), new Diagnostics())
  if (node === undefined) throw new Error("not a document")
  return node
}

const plain = (node: DocumentNode): unknown => toJson(node)

describe("laying documents over each other", () => {
  test("is associative, and an empty document changes nothing", () => {
    fc.assert(
      fc.property(json, json, json, (a, b, c) => {
        const [first, second, third] = [nodeOf(a), nodeOf(b), nodeOf(c)]
        expect(plain(mergeDocuments(mergeDocuments(first, second), third))).toEqual(
          plain(mergeDocuments(first, mergeDocuments(second, third))),
        )
        expect(plain(mergeDocuments(first, nodeOf({})))).toEqual(a)
        expect(plain(mergeDocuments(nodeOf({}), first))).toEqual(a)
        expect(plain(mergeDocuments(first, first))).toEqual(a)
      }),
    )
  })

  test("takes out what is null, however deep", () => {
    const merged = mergeDocuments(
      nodeOf({ a: { b: 1, c: 2 }, d: 3 }),
      nodeOf({ a: { b: null }, e: { f: null, g: 1 } }),
    )
    expect(plain(merged)).toEqual({ a: { c: 2 }, d: 3, e: { g: 1 } })
  })
})
