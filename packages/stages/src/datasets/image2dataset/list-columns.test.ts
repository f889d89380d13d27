import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import { parquetWriteFile } from "hyparquet-writer"
import { textOf } from "../../formats/index.ts"
import { send, startServer } from "../../network/fixtures/faulty-server.ts"
import { digests, makeFolder, picture, readParquet, run, samplesOf } from "./fixtures/job.ts"
import { ColumnTyping } from "./lists/columns.ts"

const image = await picture(40, 30)
const columns = ["tags", "sizes", "boxes", "mixed", "either"]
const rows = [
  { tags: ["a", "1"], sizes: [1, 2], boxes: [[0.5, 0.25]], mixed: [1.5], either: ["x"] },
  { tags: [], sizes: [], boxes: [], mixed: [2], either: "y" },
  { tags: null, sizes: [3, null], boxes: null, mixed: null, either: null },
]

describe("columns of lists", () => {
  it("stay lists in tables and in JSON, as in img2dataset's", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": send(image) })
    const list = join(folder.path, "list.jsonl")
    const lines = rows.map((row, index) => JSON.stringify({ url: `${server.url}/${index}`, ...row }))
    await writeFile(list, lines.join("\n"))
    const { exit, shards } = await run(folder.path, list, { saveAdditionalColumns: columns })
    assert.isTrue(Exit.isSuccess(exit), String(exit))
    const table = await readParquet(join(shards, "00000.parquet"))
    assert.deepStrictEqual(
      // What has no list is undefined to this reader.
      table.rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name] ?? null]))),
      [
        { tags: ["a", "1"], sizes: [1n, 2n], boxes: [[0.5, 0.25]], mixed: [1.5], either: '["x"]' },
        { tags: [], sizes: [], boxes: [], mixed: [2], either: "y" },
        { tags: null, sizes: [3n, null], boxes: null, mixed: null, either: null },
      ],
    )
    const [sample] = await samplesOf(join(shards, "00000.tar"))
    assert.isDefined(sample)
    const json: unknown = JSON.parse(textOf(sample, "json") ?? "")
    assert.deepInclude(json, { tags: ["a", "1"], sizes: [1, 2], boxes: [[0.5, 0.25]], mixed: [1.5] })
    assert.include(textOf(sample, "json"), '"tags": [\n        "a",\n        "1"\n    ],')
  })
})

describe("columns of numbers", () => {
  const numbers = [
    { name: "int32", type: "INT32", data: [1, null] },
    { name: "int64", type: "INT64", data: [2n, 3n] },
    { name: "float", type: "FLOAT", data: [0.5, 2] },
    { name: "double", type: "DOUBLE", data: [1, 2] },
    { name: "empty", type: "INT32", data: [null, null] },
  ] as const

  it("keep the types that a table has", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": send(image) })
    const list = join(folder.path, "list.parquet")
    const url = {
      name: "url",
      type: "STRING",
      data: ["a", "b"].map((name) => `${server.url}/${name}`),
    } as const
    const columnData = [url, ...numbers].map((column) => ({ ...column, data: [...column.data] }))
    await parquetWriteFile({ filename: list, columnData })
    const names = numbers.map(({ name }) => name)
    const { exit, shards } = await run(folder.path, list, { saveAdditionalColumns: names })
    assert.isTrue(Exit.isSuccess(exit), String(exit))
    const { rows: table, columns: found } = await readParquet(join(shards, "00000.parquet"))
    const types = Object.fromEntries(found.map(({ name, type }) => [name, type]))
    assert.deepInclude(types, Object.fromEntries(numbers.map(({ name, type }) => [name, type])))
    assert.deepInclude(table[0], { int32: 1, int64: 2n, float: 0.5, double: 1 })
  })
})

describe("columns of objects", () => {
  const objects = [
    {
      place: { lat: 1.5, names: ["a"], inner: { deep: true } },
      many: [{ n: 1 }, { n: 2, m: "x" }],
      empty: {},
    },
    { place: { lat: 2, names: null, inner: null, more: "é" }, many: [], empty: {} },
    { place: null, many: null, empty: null },
  ]

  it("stay objects in tables and in JSON, each with all fields", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": send(image) })
    const list = join(folder.path, "list.jsonl")
    const lines = objects.map((row, index) =>
      JSON.stringify({ url: `${server.url}/${index}`, ...row, either: index === 0 ? { a: 1 } : "b" }),
    )
    await writeFile(list, lines.join("\n"))
    const names = ["place", "many", "empty", "either"]
    const { exit, shards } = await run(folder.path, list, { saveAdditionalColumns: names })
    assert.isTrue(Exit.isSuccess(exit), String(exit))
    const place = { lat: 1.5, names: ["a"], inner: { deep: true }, more: null }
    const many = [
      { n: 1, m: null },
      { n: 2, m: "x" },
    ]
    const samples = await samplesOf(join(shards, "00000.tar"))
    const found = samples.map((sample): unknown => JSON.parse(textOf(sample, "json") ?? ""))
    assert.deepInclude(found[0], { place, many, empty: "{}", either: '{"a":1}' })
    assert.deepInclude(found[1], {
      place: { lat: 2, names: null, inner: null, more: "é" },
      many: [],
      either: "b",
    })
    assert.deepInclude(found[2], { place: null, many: null, empty: null, either: "b" })
    const { rows: table } = await readParquet(join(shards, "00000.parquet"))
    assert.deepInclude(table[0], {
      many: [
        { n: 1n, m: null },
        { n: 2n, m: "x" },
      ],
    })
    assert.deepInclude(table[0]?.place, { lat: 1.5, names: ["a"], inner: { deep: true } })
  })

  it("are the same when a table of ours is the list", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": send(image) })
    const list = join(folder.path, "list.jsonl")
    const lines = objects.map((row, index) => JSON.stringify({ url: `${server.url}/${index}`, ...row }))
    await writeFile(list, lines.join("\n"))
    const changes = { saveAdditionalColumns: ["place", "many"] }
    const first = await run(folder.path, list, changes)
    const again = await run(join(folder.path, "again"), join(first.shards, "00000.parquet"), changes)
    assert.isTrue(Exit.isSuccess(again.exit), String(again.exit))
    assert.deepStrictEqual(digests(again.shards)["00000.tar"], digests(first.shards)["00000.tar"])
  })

  it("with different keys in each row are taken for maps, and stay texts", () => {
    const typing = new ColumnTyping()
    for (let index = 0; index < 1000; index++) typing.add({ [`key-${index}`]: index }, true)
    assert.strictEqual(typing.type, "STRING")
  })
})
